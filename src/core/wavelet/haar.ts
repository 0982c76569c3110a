import { AppError } from "../errors.js";

/** One level's details, each `width * height` row-major. For a block a b / c d: H = (a-b+c-d)/4, V = (a+b-c-d)/4, D = (a-b-c+d)/4. */
export interface HaarDetails {
  readonly width: number;
  readonly height: number;
  /** Left minus right. */
  readonly horizontal: Float32Array;
  /** Top minus bottom. */
  readonly vertical: Float32Array;
  /** Main minus other diagonal. */
  readonly diagonal: Float32Array;
}

/**
 * Haar pyramid of one float plane in the mean convention: the approximation is the mean of each
 * block of `2^levels` pixels a side, in the units of the picture. `details` runs coarse to fine, so
 * scale s >= 1 of the token sequence is `details[s - 1]`. (arXiv 2412.09607, wavelet section; the
 * paper's orthonormal coefficients are these times 2 per level.)
 */
export interface HaarPyramid {
  readonly width: number;
  readonly height: number;
  readonly levels: number;
  readonly approximation: Float32Array;
  readonly details: readonly HaarDetails[];
}

/**
 * Splits a plane into its pyramid.
 * @param plane `width * height` row-major values
 * @throws AppError REQUEST_INVALID naming the side that `2^levels` does not divide
 */
export function haarForward(
  _plane: Float32Array,
  _width: number,
  _height: number,
  _levels: number,
): HaarPyramid {
  throw new AppError("INTERNAL", "not written yet");
}

/** Rebuilds the plane; for values in [-1, 1] the round trip is within 1e-6. */
export function haarInverse(_pyramid: HaarPyramid): Float32Array {
  throw new AppError("INTERNAL", "not written yet");
}
