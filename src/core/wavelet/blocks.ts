import { AppError } from "../errors.js";

/**
 * Sums of a plane over blocks of `side` x `side` pixels, `(width / side) * (height / side)` row-major.
 * Exact for integer samples (sums stay far below 2^53).
 * @throws AppError REQUEST_INVALID naming the side that does not divide
 */
export function blockSums(
  _plane: ArrayLike<number>,
  _width: number,
  _height: number,
  _side: number,
): Float64Array {
  throw new AppError("INTERNAL", "not written yet");
}

/** {@link blockSums} divided by the pixels of a block. */
export function blockMeans(
  _plane: ArrayLike<number>,
  _width: number,
  _height: number,
  _side: number,
): Float64Array {
  throw new AppError("INTERNAL", "not written yet");
}

/** Enlarges a plane by repeating every value over `side` x `side` pixels. */
export function repeatBlocks(
  _plane: Float32Array,
  _width: number,
  _height: number,
  _side: number,
): Float32Array {
  throw new AppError("INTERNAL", "not written yet");
}
