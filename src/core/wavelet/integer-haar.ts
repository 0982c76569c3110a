import { AppError } from "../errors.js";
import { cornerOf, requireDivisible } from "./blocks.js";

/** Integers that hold a level's sums without rounding: Int32Array while they fit, else Float64Array (exact to 2^53). */
export type ExactIntegers = Int32Array | Float64Array;

/** One level of unnormalised details: H = a-b+c-d, V = a+b-c-d, D = a-b-c+d for a block a b / c d. */
export interface IntegerHaarDetails {
  readonly width: number;
  readonly height: number;
  readonly horizontal: ExactIntegers;
  readonly vertical: ExactIntegers;
  readonly diagonal: ExactIntegers;
}

/**
 * Haar pyramid of one integer plane without any division: the approximation holds block *sums* over
 * `2^levels` pixels a side, so nothing is rounded and the inverse is bit-exact.
 */
export interface IntegerHaarPyramid {
  readonly width: number;
  readonly height: number;
  readonly levels: number;
  readonly approximation: ExactIntegers;
  readonly details: readonly IntegerHaarDetails[];
}

/**
 * Splits integer samples into their exact pyramid. Sums reach `65535 * 4^levels`; up to 7 levels they
 * fit 32 bits, up to 18 a double, and more levels would need a picture of 2^18 pixels a side.
 * @param plane `width * height` integers in 0..65535
 * @param levels 0..18
 * @throws AppError REQUEST_INVALID naming the side that `2^levels` does not divide
 */
export function integerHaarForward(
  plane: Uint8Array | Uint16Array,
  width: number,
  height: number,
  levels: number,
): IntegerHaarPyramid {
  requireDivisible(plane, width, height, 2 ** levels);
  if (levels > 18) {
    throw new AppError("REQUEST_INVALID", `Expected at most 18 levels but got ${levels}.`);
  }
  const details: IntegerHaarDetails[] = [];
  let approximation: ExactIntegers = Int32Array.from(plane);
  for (let level = 1; level <= levels; level++) {
    const split = splitLevel(approximation, width / 2 ** (level - 1), level);
    approximation = split.sums;
    details.unshift(split.details);
  }
  return { width, height, levels, approximation, details };
}

/** The very integers that {@link integerHaarForward} was given. */
export function integerHaarInverse(pyramid: IntegerHaarPyramid): ExactIntegers {
  return pyramid.details.reduce(joinLevel, pyramid.approximation.slice());
}

/** Storage for the sums of one level: |sum| <= 65535 * 4^level < 2^31 up to level 7. */
function createIntegers(level: number, length: number): ExactIntegers {
  return level <= 7 ? new Int32Array(length) : new Float64Array(length);
}

function splitLevel(
  plane: ExactIntegers,
  planeWidth: number,
  level: number,
): { sums: ExactIntegers; details: IntegerHaarDetails } {
  const width = planeWidth / 2;
  const height = plane.length / planeWidth / 2;
  const length = width * height;
  const sums = createIntegers(level, length);
  const horizontal = createIntegers(level, length);
  const vertical = createIntegers(level, length);
  const diagonal = createIntegers(level, length);
  for (let at = 0; at < length; at++) {
    const first = cornerOf(at, width);
    const a = plane[first] ?? 0;
    const b = plane[first + 1] ?? 0;
    const c = plane[first + planeWidth] ?? 0;
    const d = plane[first + planeWidth + 1] ?? 0;
    sums[at] = a + b + c + d;
    horizontal[at] = a - b + c - d;
    vertical[at] = a + b - c - d;
    diagonal[at] = a - b - c + d;
  }
  return { sums, details: { width, height, horizontal, vertical, diagonal } };
}

function joinLevel(sums: ExactIntegers, details: IntegerHaarDetails): ExactIntegers {
  const planeWidth = details.width * 2;
  // One level finer needs two bits less, so the kind of the sums always suffices.
  const plane =
    sums instanceof Int32Array
      ? new Int32Array(sums.length * 4)
      : new Float64Array(sums.length * 4);
  for (let at = 0; at < sums.length; at++) {
    const first = cornerOf(at, details.width);
    const sum = sums[at] ?? 0;
    const h = details.horizontal[at] ?? 0;
    const v = details.vertical[at] ?? 0;
    const d = details.diagonal[at] ?? 0;
    // Each right side is exactly 4 values of the finer level; partial sums stay below 2^53.
    plane[first] = (sum + h + v + d) / 4;
    plane[first + 1] = (sum - h + v - d) / 4;
    plane[first + planeWidth] = (sum + h - v - d) / 4;
    plane[first + planeWidth + 1] = (sum - h - v + d) / 4;
  }
  return plane;
}
