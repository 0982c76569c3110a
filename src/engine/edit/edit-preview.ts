import { maskAlphaIn, type Mask } from "../../core/mask/mask.js";
import type { ModelImage } from "../../core/model-image.js";
import type { EditRegion } from "../../core/plan/region.js";
import type { Raster } from "../../core/raster.js";
import { toScreenPixels, type ScreenPixels } from "../../core/screen-pixels.js";

/** Makes pictures of an edit while it is being drawn, at the model's resolution. */
export interface EditPreview {
  /** The region as it would look with `generated` under the mask. */
  render(generated: ModelImage): ScreenPixels;
}

/**
 * Previews blend but do not round to block sums: the difference is below what a screen shows, and
 * the full way would cost more than drawing a scale does.
 */
export function createEditPreview(original: Raster, region: EditRegion, mask: Mask): EditPreview {
  const before = toScreenPixels(original, region.inside, region.factor);
  const weights = reducedWeights(mask, region, before.width, before.height);
  return {
    render({ side, data }) {
      const rgba = before.rgba.slice();
      const area = side * side;
      for (let y = 0; y < before.height; y++) {
        for (let x = 0; x < before.width; x++) {
          const weight = weights[y * before.width + x] ?? 0;
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

/** Mean of the mask over each model pixel, 0..1. */
function reducedWeights(
  mask: Mask,
  { inside, factor }: EditRegion,
  width: number,
  height: number,
): Float32Array {
  const alpha = maskAlphaIn(mask, inside);
  const weights = new Float32Array(width * height);
  for (let y = 0; y < inside.height; y++) {
    const row = Math.floor(y / factor) * width;
    for (let x = 0; x < inside.width; x++) {
      const at = row + Math.floor(x / factor);
      weights[at] = (weights[at] ?? 0) + (alpha[y * inside.width + x] ?? 0);
    }
  }
  return weights.map((sum) => Math.min(1, sum / (255 * factor * factor)));
}
