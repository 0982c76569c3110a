import type { Mask } from "../mask/mask.js";
import { bottomOf, intersectRects, rightOf, type Rect } from "../rect.js";

/**
 * A mask that is 0 wherever a region's cell is 0; the rest, and what lies outside of the region,
 * stays.
 * @param cells `grid * grid` values, row-major
 * @param region square in picture pixels, side a multiple of `grid`
 */
export function limitMaskToCells(mask: Mask, cells: Uint8Array, region: Rect, grid: number): Mask {
  const cellSide = region.width / grid;
  const alpha = mask.alpha.slice();
  const common = intersectRects(mask.rect, region);
  for (let y = common.y; y < bottomOf(common); y++) {
    const cellRow = Math.floor((y - region.y) / cellSide) * grid;
    const maskRow = (y - mask.rect.y) * mask.rect.width - mask.rect.x;
    for (let x = common.x; x < rightOf(common);) {
      const column = Math.floor((x - region.x) / cellSide);
      const end = Math.min(region.x + (column + 1) * cellSide, rightOf(common));
      if (cells[cellRow + column] === 0) alpha.fill(0, maskRow + x, maskRow + end);
      x = end;
    }
  }
  return { rect: mask.rect, alpha };
}
