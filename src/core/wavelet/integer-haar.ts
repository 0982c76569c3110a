import { AppError } from "../errors.js";

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
 * @param plane `width * height` integers in 0..65535
 * @throws AppError REQUEST_INVALID naming the side that `2^levels` does not divide
 */
export function integerHaarForward(
  _plane: Uint8Array | Uint16Array,
  _width: number,
  _height: number,
  _levels: number,
): IntegerHaarPyramid {
  throw new AppError("INTERNAL", "not written yet");
}

/** The very integers that {@link integerHaarForward} was given. */
export function integerHaarInverse(_pyramid: IntegerHaarPyramid): ExactIntegers {
  throw new AppError("INTERNAL", "not written yet");
}
