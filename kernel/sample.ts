/**
 * What drawing a token takes of its logits, in AssemblyScript. A codebook's tokens are looked at in
 * runs of 64, whose sums are kept, so that a token is found without adding all of them again.
 *
 * Counts are multiples of 64: what is missing has a logit of -Infinity, and so a weight of 0.
 */
import { exponential, largestLane, sumLanes } from "./floats";

const RUN: usize = 64 * 4;

/** Sum of the weights before the token that {@link find} gave. */
export let before: f64 = 0;

/** logits = other + guidance * (logits - other), see classifier-free guidance (arXiv 2207.12598). */
export function guide(logits: usize, other: usize, count: i32, guidance: f32): void {
  const factor = f32x4.splat(guidance);
  for (let at: usize = 0; at < <usize>(count * 4); at += 16) {
    const base = v128.load(other + at);
    const step = f32x4.mul(factor, f32x4.sub(v128.load(logits + at), base));
    v128.store(logits + at, f32x4.add(base, step));
  }
}

/** The largest logit; NaN if one of them is. */
export function largest(logits: usize, count: i32): f32 {
  let one = f32x4.splat(-Infinity);
  let two = one;
  let three = one;
  let four = one;
  let isOrdered = i32x4.splat(-1);
  for (let at = logits; at < logits + <usize>(count * 4); at += 64) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const e = v128.load(at, 48);
    // Quicker than `max`, but blind to what is no number.
    one = f32x4.pmax(one, a);
    two = f32x4.pmax(two, b);
    three = f32x4.pmax(three, c);
    four = f32x4.pmax(four, e);
    const areOrdered = v128.and(f32x4.eq(a, a), f32x4.eq(b, b));
    isOrdered = v128.and(isOrdered, areOrdered);
    isOrdered = v128.and(isOrdered, v128.and(f32x4.eq(c, c), f32x4.eq(e, e)));
  }
  const found = f32x4.pmax(f32x4.pmax(one, two), f32x4.pmax(three, four));
  return v128.all_true<i32>(isOrdered) ? largestLane(found) : NaN;
}

/** weights = e^((logits - top) / temperature); their sum, and in `sums` that of each run. */
export function weigh(
  logits: usize,
  count: i32,
  top: f32,
  temperature: f32,
  weights: usize,
  sums: usize,
): f64 {
  const largest = f32x4.splat(top);
  const factor = f32x4.splat(<f32>1 / temperature);
  let total: f64 = 0;
  for (let at: usize = 0; at < <usize>(count * 4); at += RUN) {
    let sum = f32x4.splat(0);
    for (let own = at; own < at + RUN; own += 16) {
      const depth = f32x4.mul(f32x4.sub(v128.load(logits + own), largest), factor);
      const weight = exponential(depth);
      v128.store(weights + own, weight);
      sum = f32x4.add(sum, weight);
    }
    const run = <f64>sumLanes(sum);
    store<f64>(sums, run);
    sums += 8;
    total += run;
  }
  return total;
}

/** Drops what is lighter than `edge`; the sum of what is left. */
export function drop(weights: usize, count: i32, edge: f32, sums: usize): f64 {
  const least = f32x4.splat(edge);
  let total: f64 = 0;
  for (let at: usize = 0; at < <usize>(count * 4); at += RUN) {
    let sum = f32x4.splat(0);
    for (let own = at; own < at + RUN; own += 16) {
      const weight = v128.load(weights + own);
      const kept = v128.and(weight, f32x4.ge(weight, least));
      v128.store(weights + own, kept);
      sum = f32x4.add(sum, kept);
    }
    const run = <f64>sumLanes(sum);
    store<f64>(sums, run);
    sums += 8;
    total += run;
  }
  return total;
}

/** Sum of the weights that are heavier than one. */
export function heavierThan(weights: usize, count: i32, weight: f32): f64 {
  const edge = f32x4.splat(weight);
  let total: f64 = 0;
  for (let at: usize = 0; at < <usize>(count * 4); at += RUN) {
    let sum = f32x4.splat(0);
    for (let own: usize = 0; own < RUN; own += 16) {
      const other = v128.load(weights + at + own);
      sum = f32x4.add(sum, v128.and(other, f32x4.gt(other, edge)));
    }
    total += <f64>sumLanes(sum);
  }
  return total;
}

/** The token in whose weight a point lies when all are laid end to end; sets {@link before}. */
export function find(weights: usize, count: i32, sums: usize, point: f64): i32 {
  const runs = count / 64;
  let passed: f64 = 0;
  let run = 0;
  // Rounding can leave the point behind everything: then the last token is the one.
  for (let next = 0; next < runs; next++) {
    const sum = load<f64>(sums + ((<usize>next) << 3));
    if (sum > 0) {
      run = next;
      before = passed;
      if (point < passed + sum) break;
    }
    passed += sum;
  }
  passed = before;
  let found = 0;
  for (let token = 64 * run; token < 64 * (run + 1); token++) {
    const weight = load<f32>(weights + ((<usize>token) << 2));
    if (weight == 0) continue;
    found = token;
    before = passed;
    passed += <f64>weight;
    if (point < passed) break;
  }
  return found;
}
