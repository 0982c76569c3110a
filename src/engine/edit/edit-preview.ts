import type { TokenLayout } from "../../core/layout.js";
import { featherMask } from "../../core/mask/feather.js";
import { maskAlphaIn, type Mask } from "../../core/mask/mask.js";
import type { ModelImage } from "../../core/model-image.js";
import type { EditRegion } from "../../core/plan/region.js";
import type { Raster } from "../../core/raster.js";
import type { Rect } from "../../core/rect.js";
import { toScreenPixels, type ScreenPixels } from "../../core/screen-pixels.js";

/** Makes pictures of an edit while it is being drawn, at the model's resolution. */
export interface EditPreview {
  /** The region as it would look with `generated` under the mask. */
  render(generated: ModelImage): ScreenPixels;
}

/** What decides how much of a drawn picture a preview shows where. */
export interface PreviewedPart {
  /** As it was painted. */
  readonly mask: Mask;
  /** In pixels of the picture. */
  readonly feather: number;
  /** One value a cell of the region: 0 where nothing is to change. */
  readonly touchedCells: Uint8Array;
  readonly layout: TokenLayout;
}

/**
 * Previews blend but do not round to block sums: the difference is below what a screen shows, and
 * the full way would cost more than drawing a scale does.
 * @param shares how much of the drawn picture each model pixel in the picture takes, 0..1
 */
export function createEditPreview(
  original: Raster,
  region: EditRegion,
  shares: Float32Array,
): EditPreview {
  const before = toScreenPixels(original, region.inside, region.factor);
  return {
    render({ side, data }) {
      const rgba = before.rgba.slice();
      const area = side * side;
      for (let y = 0; y < before.height; y++) {
        for (let x = 0; x < before.width; x++) {
          const weight = shares[y * before.width + x] ?? 0;
          if (weight === 0) continue;
          const target = (y * before.width + x) * 4;
          const source = y * side + x;
          const grey = original.channels < 3 ? meanOf(data, source, area) : null;
          for (let channel = 0; channel < 3; channel++) {
            const value = grey ?? data[channel * area + source] ?? 0;
            const old = before.rgba[target + channel] ?? 0;
            const drawn = Math.max(0, Math.min(255, (value + 1) * 127.5));
            rgba[target + channel] = Math.round(old + (drawn - old) * weight);
          }
        }
      }
      return { ...before, rgba };
    },
  };
}

function meanOf(data: Float32Array, at: number, area: number): number {
  return ((data[at] ?? 0) + (data[at + area] ?? 0) + (data[at + 2 * area] ?? 0)) / 3;
}

/** A mask as it is, for {@link createEditPreview}. */
export function previewShares(mask: Mask, { inside, factor }: EditRegion): Float32Array {
  return reducedMask(mask, inside, factor, Math.ceil(inside.width / factor));
}

/**
 * A mask that is softened, and limited to cells that change, after its reduction: softening a large one
 * takes longer than a first preview may.
 */
export function softPreviewShares(
  { mask, feather, touchedCells, layout }: PreviewedPart,
  region: EditRegion,
): Float32Array {
  const shares = previewShares(mask, region);
  const width = Math.ceil(region.inside.width / region.factor);
  const rect = { x: 0, y: 0, width, height: shares.length / width };
  // What is masked in part stays so.
  const alpha = Uint8Array.from(shares, (share) => Math.ceil(255 * share));
  const soft = featherMask({ rect, alpha }, feather / region.factor);
  return Float32Array.from(soft.alpha, (value, at) => {
    const row = Math.floor(at / width / layout.cellSide) * layout.grid;
    const cell = row + Math.floor((at % width) / layout.cellSide);
    return touchedCells[cell] === 0 ? 0 : value / 255;
  });
}

/** How much of a drawn picture each model pixel of the region takes, 0..1; `imageSize * imageSize` values. */
export function maskShares(mask: Mask, { rect, factor, imageSize }: EditRegion): Float32Array {
  return reducedMask(mask, rect, factor, imageSize);
}

/** 1 for each model pixel of the region that holds a masked pixel; `imageSize * imageSize` values. */
export function maskedModelPixels(mask: Mask, region: EditRegion): Uint8Array {
  return new Uint8Array(maskShares(mask, region).map((share) => (share > 0 ? 1 : 0)));
}

/** Mean of the mask over blocks of `factor` x `factor` pixels from the rectangle's corner, 0..1. */
function reducedMask(mask: Mask, rect: Rect, factor: number, columns: number): Float32Array {
  const alpha = maskAlphaIn(mask, rect);
  const sums = new Float32Array(columns * Math.ceil(rect.height / factor));
  for (let y = 0; y < rect.height; y++) {
    const row = Math.floor(y / factor) * columns;
    for (let x = 0, at = row; x < rect.width; at++) {
      const end = Math.min(x + factor, rect.width);
      let sum = 0;
      for (; x < end; x++) sum += alpha[y * rect.width + x] ?? 0;
      sums[at] = (sums[at] ?? 0) + sum;
    }
  }
  return sums.map((sum) => Math.min(1, sum / (255 * factor * factor)));
}
