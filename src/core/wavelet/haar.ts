import { cornerOf, requireDivisible } from "./blocks.js";

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
 * @param levels 0 or more
 * @throws AppError REQUEST_INVALID naming the side that `2^levels` does not divide
 */
export function haarForward(
  plane: Float32Array,
  width: number,
  height: number,
  levels: number,
): HaarPyramid {
  requireDivisible(plane, width, height, 2 ** levels);
  const details: HaarDetails[] = [];
  let approximation = plane.slice();
  for (let level = 1; level <= levels; level++) {
    const split = splitLevel(approximation, width / 2 ** (level - 1));
    approximation = split.means;
    details.unshift(split.details);
  }
  return { width, height, levels, approximation, details };
}

/** Rebuilds the plane; for values in [-1, 1] the round trip is within 1e-6. */
export function haarInverse(pyramid: HaarPyramid): Float32Array {
  return pyramid.details.reduce(joinLevel, pyramid.approximation.slice());
}

function splitLevel(
  plane: Float32Array,
  planeWidth: number,
): { means: Float32Array<ArrayBuffer>; details: HaarDetails } {
  const width = planeWidth / 2;
  const height = plane.length / planeWidth / 2;
  const means = new Float32Array(width * height);
  const horizontal = new Float32Array(width * height);
  const vertical = new Float32Array(width * height);
  const diagonal = new Float32Array(width * height);
  for (let at = 0; at < means.length; at++) {
    const first = cornerOf(at, width);
    const a = plane[first] ?? 0;
    const b = plane[first + 1] ?? 0;
    const c = plane[first + planeWidth] ?? 0;
    const d = plane[first + planeWidth + 1] ?? 0;
    means[at] = (a + b + c + d) / 4;
    horizontal[at] = (a - b + c - d) / 4;
    vertical[at] = (a + b - c - d) / 4;
    diagonal[at] = (a - b - c + d) / 4;
  }
  return { means, details: { width, height, horizontal, vertical, diagonal } };
}

function joinLevel(
  means: Float32Array<ArrayBuffer>,
  details: HaarDetails,
): Float32Array<ArrayBuffer> {
  const planeWidth = details.width * 2;
  const plane = new Float32Array(means.length * 4);
  for (let at = 0; at < means.length; at++) {
    const first = cornerOf(at, details.width);
    const mean = means[at] ?? 0;
    const h = details.horizontal[at] ?? 0;
    const v = details.vertical[at] ?? 0;
    const d = details.diagonal[at] ?? 0;
    plane[first] = mean + h + v + d;
    plane[first + 1] = mean - h + v - d;
    plane[first + planeWidth] = mean + h - v - d;
    plane[first + planeWidth + 1] = mean - h - v + d;
  }
  return plane;
}
