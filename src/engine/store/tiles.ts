import { AppError } from "../../core/errors.js";
import type { Raster } from "../../core/raster.js";
import { intersectRects, isEmptyRect, rectOfSize } from "../../core/rect.js";
import { toScreenPixels, type ScreenPixels } from "../../core/screen-pixels.js";
import { TILE_SIZE } from "../../shared/limits.js";

/**
 * One tile of a picture for the screen: TILE_SIZE pixels a side at the level's resolution, less at
 * the right and bottom border.
 * @param level 0 = native, n = box-reduced by 2^n
 * @throws AppError REQUEST_INVALID for a tile outside of the picture
 */
export function readTile(raster: Raster, level: number, column: number, row: number): ScreenPixels {
  const factor = 2 ** level;
  const side = TILE_SIZE * factor;
  const wanted = { x: column * side, y: row * side, width: side, height: side };
  const inside = intersectRects(wanted, rectOfSize(raster.width, raster.height));
  if (isEmptyRect(inside)) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a tile of the ${raster.width} x ${raster.height} picture but got column ${column}, row ${row} at level ${level}; read the document's size again.`,
      { column, row, level },
    );
  }
  return toScreenPixels(raster, inside, factor);
}

/** The whole picture reduced by the smallest power of two that fits it into `maxSide` pixels. */
export function reduceToFit(raster: Raster, maxSide: number): ScreenPixels {
  let factor = 1;
  while (Math.ceil(Math.max(raster.width, raster.height) / factor) > maxSide) factor *= 2;
  return toScreenPixels(raster, rectOfSize(raster.width, raster.height), factor);
}
