import { AppError } from "../errors.js";
import { kthLargest } from "./select.js";

/** Targets beyond this cannot come from a picture, and would cost the sums their precision. */
const TARGET_LIMIT = 2 ** 31;

/**
 * Rounds reals to integers with a given sum, inside a box, again and again without allocating: the
 * caller writes `targets[0..count-1]`, calls {@link BoxSumRounder.round}, and reads `result`.
 *
 * [Note: box and sum] The reals in [low, high] with the wanted sum that are closest to the targets t
 * are clamp(t + s) for one common shift s (the condition of Karush, Kuhn and Tucker for a projection
 * onto a box cut by a plane). Rounding these down and handing the missing units to the largest
 * remainders gives the closest *integers* too: both orders rank values by how much the next unit
 * costs. A value at a bound has remainder 0, so no unit can push it out of the box.
 */
export class BoxSumRounder {
  readonly targets: Float64Array;
  readonly weights: Float64Array;
  readonly result: Int32Array;
  readonly #remainders: Float64Array;
  readonly #ranked: Float64Array;
  readonly #free: Int32Array;
  readonly #buckets: Int32Array;

  /** @param capacity most values in one call */
  constructor(readonly capacity: number) {
    this.targets = new Float64Array(capacity);
    this.weights = new Float64Array(capacity);
    this.result = new Int32Array(capacity);
    this.#remainders = new Float64Array(capacity);
    this.#ranked = new Float64Array(capacity);
    this.#free = new Int32Array(capacity);
    this.#buckets = new Int32Array(capacity + 1);
  }

  /**
   * Integers in [low, high] that sum to exactly `sum` and are the closest (L2) to the targets. Where
   * several are equally close the choice is spread evenly over the tied values, the same every time.
   * @throws AppError REQUEST_INVALID if no such integers exist, ENGINE_OUTPUT_INVALID if a target is
   * not finite or beyond 2^31
   */
  round(count: number, sum: number, low: number, high: number): void {
    requirePossible(count, this.capacity, sum, low, high);
    const { targets } = this;
    let total = 0;
    let least = Infinity;
    let most = -Infinity;
    for (let i = 0; i < count; i++) {
      const target = targets[i] ?? 0;
      if (!(Math.abs(target) <= TARGET_LIMIT)) throw notFinite(target);
      total += target;
      if (target < least) least = target;
      if (target > most) most = target;
    }
    let shift = (sum - total) / count;
    if (least + shift < low || most + shift > high) {
      this.weights.fill(1, 0, count);
      shift = this.#findShift(count, sum, low, high);
    }
    const { result } = this;
    const remainders = this.#remainders;
    let missing = sum;
    for (let i = 0; i < count; i++) {
      const value = (targets[i] ?? 0) + shift;
      const clamped = value < low ? low : value > high ? high : value;
      const floor = Math.floor(clamped);
      result[i] = floor;
      remainders[i] = clamped - floor;
      missing -= floor;
    }
    this.#handOut(count, missing, low, high);
  }

  /**
   * As {@link BoxSumRounder.round}, but the correction of a value is proportional to its weight (> 0):
   * the reals before rounding minimise sum((x - target)^2 / weight). Largest remainders then pick the
   * integers, each less than 1 away from its real.
   * @throws AppError as {@link BoxSumRounder.round}
   */
  roundWeighted(count: number, sum: number, low: number, high: number): void {
    requirePossible(count, this.capacity, sum, low, high);
    const { targets, weights } = this;
    for (let i = 0; i < count; i++) {
      const target = targets[i] ?? 0;
      if (!(Math.abs(target) <= TARGET_LIMIT)) throw notFinite(target);
    }
    const shift = this.#findShift(count, sum, low, high);
    let missing = sum;
    for (let i = 0; i < count; i++) {
      missing -= this.#roundDown(i, (targets[i] ?? 0) + shift * (weights[i] ?? 0), low, high);
    }
    this.#handOut(count, missing, low, high);
  }

  /**
   * The shift s with sum(clamp(target + s * weight)) = sum. Each round solves for the free values
   * without the box; the side that overshoots more is certain to end at its bound and is fixed
   * there. At least one value is fixed a round, so it ends (Bitran and Hax, 1981).
   */
  #findShift(count: number, sum: number, low: number, high: number): number {
    const free = this.#free;
    let freeCount = count;
    let remaining = sum;
    let shift = 0;
    for (let i = 0; i < count; i++) free[i] = i;
    while (freeCount > 0) {
      shift = this.#unboundedShift(freeCount, remaining);
      const excess = this.#excess(freeCount, shift, low, high);
      if (excess === 0) break;
      const stillFree = this.#keepFree(freeCount, shift, excess > 0 ? low : high, excess > 0);
      if (stillFree === freeCount) break;
      remaining -= (freeCount - stillFree) * (excess > 0 ? low : high);
      freeCount = stillFree;
    }
    return shift;
  }

  #unboundedShift(freeCount: number, remaining: number): number {
    let total = 0;
    let weight = 0;
    for (let at = 0; at < freeCount; at++) {
      const i = this.#free[at] ?? 0;
      total += this.targets[i] ?? 0;
      weight += this.weights[i] ?? 0;
    }
    return (remaining - total) / weight;
  }

  /** How far the values below the box lack, less how far those above exceed: > 0 if the shift is too large. */
  #excess(freeCount: number, shift: number, low: number, high: number): number {
    let excess = 0;
    for (let at = 0; at < freeCount; at++) {
      const i = this.#free[at] ?? 0;
      const value = (this.targets[i] ?? 0) + shift * (this.weights[i] ?? 0);
      if (value < low) excess += low - value;
      else if (value > high) excess -= value - high;
    }
    return excess;
  }

  /** Drops the values beyond one bound from the free ones; returns how many stay. */
  #keepFree(freeCount: number, shift: number, bound: number, isLow: boolean): number {
    const free = this.#free;
    let kept = 0;
    for (let at = 0; at < freeCount; at++) {
      const i = free[at] ?? 0;
      const value = (this.targets[i] ?? 0) + shift * (this.weights[i] ?? 0);
      if (isLow ? value < bound : value > bound) continue;
      free[kept++] = i;
    }
    return kept;
  }

  #roundDown(i: number, value: number, low: number, high: number): number {
    const clamped = value < low ? low : value > high ? high : value;
    const floor = Math.floor(clamped);
    this.result[i] = floor;
    this.#remainders[i] = clamped - floor;
    return floor;
  }

  /** Adds `missing` units, one each to the largest remainders. */
  #handOut(count: number, missing: number, low: number, high: number): void {
    if (missing === 0) return;
    const left =
      missing > 0 && missing < count ? this.#handToLargest(count, missing, high) : missing;
    if (left !== 0) this.#handToAnyone(count, left, low, high);
  }

  #handToLargest(count: number, missing: number, high: number): number {
    const { result } = this;
    const remainders = this.#remainders;
    const ranked = this.#ranked;
    const bucket = this.#bucketOfRank(count, missing);
    // Gathers that bucket; everything in a larger one gets a unit for certain.
    let gathered = 0;
    let above = 0;
    for (let i = 0; i < count; i++) {
      const remainder = remainders[i] ?? 0;
      const own = (remainder * count) | 0;
      if (own === bucket) ranked[gathered++] = remainder;
      else if (own > bucket) above++;
    }
    const cutoff = kthLargest(ranked, gathered, missing - above);
    let tied = 0;
    for (let at = 0; at < gathered; at++) {
      const remainder = ranked[at] ?? 0;
      if (remainder > cutoff) above++;
      else if (remainder === cutoff) tied++;
    }
    const share = missing - above;
    let left = missing;
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const remainder = remainders[i] ?? 0;
      if (remainder < cutoff) continue;
      // Of the tied values every (tied / share)-th gets a unit: units in one heap would show as a band.
      if (remainder === cutoff && share < tied) {
        const before = Math.floor((seen * share) / tied);
        if (Math.floor((++seen * share) / tied) === before) continue;
      }
      const value = result[i] ?? 0;
      // Cannot happen with exact reals ([Note: box and sum]); doubles get no chance to leave the box.
      if (value >= high) continue;
      result[i] = value + 1;
      left--;
    }
    return left;
  }

  /**
   * Sorts the remainders into as many buckets as there are values and tells which one holds that of
   * the given rank (1 = the largest): a selection among all of them costs several times as much, and
   * this is the inner loop of every enlarged picture.
   */
  #bucketOfRank(count: number, rank: number): number {
    const remainders = this.#remainders;
    const buckets = this.#buckets;
    for (let bucket = 0; bucket <= count; bucket++) buckets[bucket] = 0;
    for (let i = 0; i < count; i++) {
      const bucket = ((remainders[i] ?? 0) * count) | 0;
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    // A remainder just below 1 may have been rounded to 1: that is bucket `count`.
    let bucket = count;
    for (let left = rank; bucket > 0; bucket--) {
      left -= buckets[bucket] ?? 0;
      if (left <= 0) break;
    }
    return bucket;
  }

  /**
   * Only the rounding errors of doubles lead here, and only by a unit or so; the sum must hold all
   * the same. There is room, because the wanted sum lies within count * [low, high].
   */
  #handToAnyone(count: number, missing: number, low: number, high: number): void {
    const { result } = this;
    let left = missing;
    for (let i = 0; i < count && left !== 0; i++) {
      const value = result[i] ?? 0;
      const step = Math.max(low - value, Math.min(high - value, left));
      result[i] = value + step;
      left -= step;
    }
  }
}

/**
 * The integers closest (L2) to `targets` within [low, high] whose sum is exactly `sum`; see
 * [Note: box and sum]. For many blocks use one {@link BoxSumRounder}.
 * @throws AppError REQUEST_INVALID if no such integers exist, ENGINE_OUTPUT_INVALID if a target is
 * not finite or beyond 2^31
 */
export function roundToSum(
  targets: ArrayLike<number>,
  sum: number,
  low: number,
  high: number,
): Int32Array {
  const rounder = new BoxSumRounder(targets.length);
  rounder.targets.set(targets);
  rounder.round(targets.length, sum, low, high);
  return rounder.result;
}

function requirePossible(
  count: number,
  capacity: number,
  sum: number,
  low: number,
  high: number,
): void {
  const isPossible =
    count >= 1 &&
    count <= capacity &&
    Number.isSafeInteger(sum) &&
    sum >= count * low &&
    sum <= count * high;
  if (isPossible) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected 1 to ${capacity} values and a whole sum that values in ${low}..${high} can reach but got ${count} values and the sum ${sum}.`,
    { count, sum, low, high },
  );
}

function notFinite(target: number): AppError {
  return new AppError(
    "ENGINE_OUTPUT_INVALID",
    `Expected predicted samples within +-2^31 but got ${target}; the model or its device gave a wrong result, try another device.`,
    { target: String(target) },
  );
}
