import type { Coverage } from "../../core/mask/coverage.js";
import type { View } from "../view/geometry.js";

/** A straight (not premultiplied) RGB colour, 0..255 each. */
export interface Rgb {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

/** Strength of the tint over fully masked pixels, 0..255. */
const TINT_ALPHA = 110;
const EDGE_ALPHA = 235;

/**
 * Draws a mask as a tint with a thin edge into screen pixels.
 *
 * Sampling for each screen pixel costs the window and not the picture, and needs no tinted copy of
 * a mask that may have a hundred megapixels.
 * @param target RGBA of `width * height` device pixels; overwritten
 * @param view in device pixels, relative to the target's top left pixel
 */
export function paintMaskOverlay(
  target: Uint8ClampedArray,
  width: number,
  height: number,
  coverage: Coverage,
  view: View,
  colour: Rgb,
): void {
  const columns = sampleColumns(width, coverage.width, view);
  target.fill(0);
  let above = new Uint8Array(width);
  let current = new Uint8Array(width);
  for (let y = 0; y < height; y++) {
    readRow(current, columns, coverage, Math.floor((y + 0.5 - view.y) / view.scale));
    for (let x = 0; x < width; x++) {
      const value = current[x] ?? 0;
      const left = x > 0 ? (current[x - 1] ?? 0) : value;
      const up = y > 0 ? (above[x] ?? 0) : value;
      const isEdge = value >= 128 !== left >= 128 || value >= 128 !== up >= 128;
      if (value === 0 && !isEdge) continue;
      const at = (y * width + x) * 4;
      target[at] = colour.red;
      target[at + 1] = colour.green;
      target[at + 2] = colour.blue;
      target[at + 3] = isEdge ? EDGE_ALPHA : (value * TINT_ALPHA) / 255;
    }
    [above, current] = [current, above];
  }
}

/** The mask's column for each screen column, -1 beside the picture. */
function sampleColumns(width: number, maskWidth: number, view: View): Int32Array {
  return Int32Array.from({ length: width }, (_, x) => {
    const column = Math.floor((x + 0.5 - view.x) / view.scale);
    return column >= 0 && column < maskWidth ? column : -1;
  });
}

function readRow(into: Uint8Array, columns: Int32Array, coverage: Coverage, row: number): void {
  if (row < 0 || row >= coverage.height) {
    into.fill(0);
    return;
  }
  const start = row * coverage.width;
  for (let x = 0; x < into.length; x++) {
    const column = columns[x] ?? -1;
    into[x] = column < 0 ? 0 : (coverage.alpha[start + column] ?? 0);
  }
}
