import { AppError } from "./errors.js";
import type { Mask } from "./mask/mask.js";
import type { Raster } from "./raster.js";
import type { Rect } from "./rect.js";

/** A block whose sum is not what was promised. */
export interface BlockMismatch {
  /** Column and row of the block. */
  readonly x: number;
  readonly y: number;
  readonly channel: number;
  readonly expected: number;
  readonly got: number;
}

/**
 * Checks the promise of an upscale: each `factor` x `factor` block of `big` sums to factor * factor
 * times the pixel of `small`, alpha included. Returns the first block that does not, or null.
 * @throws AppError REQUEST_INVALID if sizes, channels or depth do not correspond
 */
export function findBlockMismatch(
  _big: Raster,
  _small: Raster,
  _factor: number,
): BlockMismatch | null {
  throw new AppError("INTERNAL", "not written yet");
}

/** Checks that frozen blocks of a region (pixels that exist) kept their sums; the first that did not, or null. */
export function findFrozenMismatch(
  _edited: Raster,
  _original: Raster,
  _region: Rect,
  _blockSide: number,
): BlockMismatch | null {
  throw new AppError("INTERNAL", "not written yet");
}

/** The first pixel outside the mask (value 0) that is not bit-identical, or null. */
export function findOutsideChange(
  _edited: Raster,
  _original: Raster,
  _mask: Mask,
): { readonly x: number; readonly y: number } | null {
  throw new AppError("INTERNAL", "not written yet");
}
