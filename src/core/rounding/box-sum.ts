import { AppError } from "../errors.js";

/**
 * Rounds reals to integers with a given sum, inside a box, again and again without allocating: the
 * caller writes `targets[0..count-1]`, calls {@link BoxSumRounder.round}, and reads `result`.
 */
export class BoxSumRounder {
  readonly targets: Float64Array;
  readonly weights: Float64Array;
  readonly result: Int32Array;

  /** @param capacity most values in one call */
  constructor(readonly capacity: number) {
    this.targets = new Float64Array(capacity);
    this.weights = new Float64Array(capacity);
    this.result = new Int32Array(capacity);
  }

  /** Integers in [low, high] that sum to exactly `sum` and are the closest (L2) to the targets. */
  round(_count: number, _sum: number, _low: number, _high: number): void {
    throw new AppError("INTERNAL", "not written yet");
  }

  /** As {@link BoxSumRounder.round}, where a value of larger weight (> 0) takes a larger share of the correction. */
  roundWeighted(_count: number, _sum: number, _low: number, _high: number): void {
    throw new AppError("INTERNAL", "not written yet");
  }
}

/**
 * The integers closest (L2) to `targets` within [low, high] whose sum is exactly `sum`.
 * Ties are broken the same way every time.
 * @throws AppError REQUEST_INVALID if no such integers exist or a target is not finite
 */
export function roundToSum(
  _targets: ArrayLike<number>,
  _sum: number,
  _low: number,
  _high: number,
): Int32Array {
  throw new AppError("INTERNAL", "not written yet");
}
