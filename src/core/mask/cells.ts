import { AppError } from "../errors.js";
import { bottomOf, describeRect, intersectRects, rightOf, type Rect } from "../rect.js";
import type { Mask } from "./mask.js";

/**
 * Which cells of a region's token grid hold a masked pixel: `grid * grid` values, 1 or 0, row-major.
 * A cell counts as soon as one of its pixels may change; its tokens are drawn, the others are forced.
 * @param region square in picture pixels, side a multiple of `grid`; may hang over the picture
 * @throws AppError REQUEST_INVALID if the region is not such a square
 */
export function maskedCells(mask: Mask, region: Rect, grid: number): Uint8Array {
  const cellSide = region.width / grid;
  if (region.width !== region.height || !Number.isSafeInteger(cellSide) || cellSide < 1) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a square region whose side is a multiple of the grid ${grid} but got ${describeRect(region)}.`,
      { ...region, grid },
    );
  }
  const cells = new Uint8Array(grid * grid);
  const common = intersectRects(mask.rect, region);
  for (let y = common.y; y < bottomOf(common); y++) {
    const cellRow = Math.floor((y - region.y) / cellSide) * grid;
    const maskRow = (y - mask.rect.y) * mask.rect.width - mask.rect.x;
    for (let x = common.x; x < rightOf(common);) {
      const column = Math.floor((x - region.x) / cellSide);
      const end = Math.min(region.x + (column + 1) * cellSide, rightOf(common));
      const cell = cellRow + column;
      // A cell is looked at until something is found in it.
      for (let at = x; cells[cell] === 0 && at < end; at++) {
        if (mask.alpha[maskRow + at] !== 0) cells[cell] = 1;
      }
      x = end;
    }
  }
  return cells;
}
