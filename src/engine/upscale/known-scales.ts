import { AppError } from "../../core/errors.js";
import type { TokenLayout } from "../../core/layout.js";

/** Scales of the sequence that a tile enlarged by `factor` fills exactly; the others are missing. */
export function knownScales({ scaleCount }: TokenLayout, factor: number): number {
  return scaleCount - Math.log2(factor);
}

/** The largest factor that one pass can enlarge by: the tile is then the approximation alone. */
export function largestFactor({ levels }: TokenLayout): number {
  return 2 ** levels;
}

/**
 * The largest factor, at most 8, that one pass of smooth interpolation enlarges by.
 * @throws AppError BUNDLE_UNSUPPORTED for a picture of an odd number of pixels a side
 */
export function largestSmoothFactor({ imageSize }: TokenLayout): number {
  const factor = [8, 4, 2].find((power) => imageSize % power === 0 && imageSize >= 2 * power);
  if (factor !== undefined) return factor;
  throw new AppError(
    "BUNDLE_UNSUPPORTED",
    `Expected a model of an even number of pixels a side but got ${imageSize}; use another model.`,
    { imageSize },
  );
}

/**
 * Input pixels along a side of the cell that a token covers, if tiles can overlap by whole cells;
 * else null (a cell is no whole number of pixels, or half a tile).
 */
export function cellPixels({ cellSide, grid }: TokenLayout, factor: number): number | null {
  const side = cellSide / factor;
  return Number.isInteger(side) && grid >= 3 ? side : null;
}
