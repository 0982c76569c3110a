import type { TiledMask } from "../../core/mask/tiled-mask.js";
import { bottomOf, type Rect } from "../../core/rect.js";
import type { View } from "../view/geometry.js";
import { MaskSampler } from "./mask-sampler.js";

/** A straight (not premultiplied) RGB colour, 0..255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** How masks are shown: tinted, or by their outline alone. */
export type OverlayStyle =
  | { readonly kind: "tint"; readonly colour: Rgb }
  | { readonly kind: "ants"; readonly step: number };

/** Strength of the tint over fully masked pixels, 0..255. */
const TINT_ALPHA = 110;
const EDGE_ALPHA = 235;
/** Length of a dash of the marching ants in screen pixels, a power of two. */
const DASH_PX = 4;

/** RGBA pixels of a canvas as one number each. */
export interface OverlayTarget {
  readonly width: number;
  readonly pixels: Uint32Array;
}

/**
 * Draws a mask into screen pixels: a tint with a thin edge, or marching ants.
 * @param area the device pixels to draw; overwritten
 * @param view in device pixels, relative to the target's top left pixel
 */
export function paintMaskOverlay(
  { width, pixels }: OverlayTarget,
  area: Rect,
  mask: TiledMask,
  view: View,
  style: OverlayStyle,
): void {
  // One more column and row tell the edges of the first ones.
  const sampler = new MaskSampler(mask, view, area.x - 1, area.width + 1);
  let above = new Uint8Array(area.width + 1);
  let current = new Uint8Array(area.width + 1);
  let hadAny = sampler.read(area.y - 1, above);
  const [tints, edgeAt] = inksOf(style);
  for (let y = area.y; y < bottomOf(area); y++) {
    const hasAny = sampler.read(y, current);
    const row = y * width + area.x;
    pixels.fill(0, row, row + area.width);
    for (let x = 1; x <= area.width && (hasAny || hadAny); x++) {
      const value = current[x] ?? 0;
      const isIn = value >= 128;
      const isEdge = isIn !== (current[x - 1] ?? 0) >= 128 || isIn !== (above[x] ?? 0) >= 128;
      if (isEdge) pixels[row + x - 1] = edgeAt(area.x + x, y);
      else if (value > 0) pixels[row + x - 1] = tints[value] ?? 0;
    }
    [above, current] = [current, above];
    hadAny = hasAny;
  }
}

/** The colour of each mask value, and of an edge at a screen pixel. */
function inksOf(style: OverlayStyle): [Uint32Array, (x: number, y: number) => number] {
  if (style.kind === "ants") {
    const ants = [pack([0, 0, 0], EDGE_ALPHA), pack([255, 255, 255], EDGE_ALPHA)];
    return [new Uint32Array(256), (x, y) => ants[((x + y + style.step) / DASH_PX) & 1] ?? 0];
  }
  const tints = Uint32Array.from({ length: 256 }, (_, value) =>
    pack(style.colour, Math.round((value * TINT_ALPHA) / 255)),
  );
  const edge = pack(style.colour, EDGE_ALPHA);
  return [tints, () => edge];
}

/** One pixel of ImageData as the number that a little-endian machine reads there. */
function pack([red, green, blue]: Rgb, alpha: number): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
