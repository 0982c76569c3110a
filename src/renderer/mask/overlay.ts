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
  let above = new RowBuffer(area.width + 1);
  let current = new RowBuffer(area.width + 1);
  let hadAny = sampler.read(area.y - 1, above.values);
  const [tints, edgeAt] = inksOf(style);
  for (let y = area.y; y < bottomOf(area); y++) {
    const hasAny = sampler.read(y, current.values);
    const row = y * width + area.x;
    pixels.fill(0, row, row + area.width);
    if (hasAny || hadAny) {
      const paintEdge = (x: number) => (pixels[row + x - 1] = edgeAt(area.x + x, y));
      paintRow(pixels.subarray(row, row + area.width), current, above, tints, paintEdge);
    }
    [above, current] = [current, above];
    hadAny = hasAny;
  }
}

/** A row of mask values, also to be read four at once: beneath a large brush it is the whole window. */
class RowBuffer {
  readonly values: Uint8Array;
  readonly words: Uint32Array;

  constructor(readonly width: number) {
    this.words = new Uint32Array(Math.ceil(width / 4));
    this.values = new Uint8Array(this.words.buffer);
  }
}

/** The highest bit of each of four values: whether a pixel is in. */
const IS_IN = 0x80808080;

/** Tints a row of empty pixels; value x belongs to pixel x - 1, and value 0 to none. */
function paintRow(
  pixels: Uint32Array,
  current: RowBuffer,
  above: RowBuffer,
  tints: Uint32Array,
  paintEdge: (x: number) => void,
): void {
  const { words, values, width } = current;
  // The values to the left of four begin with the last one before.
  let before = (values[0] ?? 0) << 24;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? 0;
    const edges =
      ((word ^ ((word << 8) | (before >>> 24))) | (word ^ (above.words[index] ?? 0))) & IS_IN;
    before = word;
    if (word === 0 && edges === 0) continue;
    const end = Math.min(4 * index + 4, width);
    for (let x = Math.max(1, 4 * index); x < end; x++) pixels[x - 1] = tints[values[x] ?? 0] ?? 0;
    for (let x = Math.max(1, 4 * index); x < end && edges !== 0; x++) {
      if ((edges & (0x80 << (8 * (x % 4)))) !== 0) paintEdge(x);
    }
  }
}

/** The colour of each mask value, and of an edge at a screen pixel. */
function inksOf(style: OverlayStyle): [Uint32Array, (x: number, y: number) => number] {
  if (style.kind === "ants") {
    const ants = [pack([0, 0, 0], EDGE_ALPHA), pack([255, 255, 255], EDGE_ALPHA)];
    return [new Uint32Array(256), (x, y) => ants[((x + y + style.step) / DASH_PX) & 1] ?? 0];
  }
  const tints = Uint32Array.from({ length: 256 }, (_, value) =>
    value === 0 ? 0 : pack(style.colour, Math.round((value * TINT_ALPHA) / 255)),
  );
  const edge = pack(style.colour, EDGE_ALPHA);
  return [tints, () => edge];
}

/** One pixel of ImageData as the number that a little-endian machine reads there. */
function pack([red, green, blue]: Rgb, alpha: number): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
