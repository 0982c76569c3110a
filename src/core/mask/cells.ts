import { AppError } from "../errors.js";
import type { Rect } from "../rect.js";
import type { Mask } from "./mask.js";

/**
 * Which cells of a region's token grid hold a masked pixel: `grid * grid` values, 1 or 0, row-major.
 * A cell counts as soon as one of its pixels may change; its tokens are drawn, the others are forced.
 * @param region square in picture pixels, side a multiple of `grid`; may hang over the picture
 * @throws AppError REQUEST_INVALID if the region is not such a square
 */
export function maskedCells(_mask: Mask, _region: Rect, _grid: number): Uint8Array {
  throw new AppError("INTERNAL", "not written yet");
}
