/** What is done to rows of floats: sums of parts, norms, rounding, GELU. */
import { exponential, largestLane, rounded, sumLanes } from "./floats";

/** x += the parts in their order, and a bias. */
export function addParts(x: usize, parts: usize, count: i32, R: i32, D: i32, bias: usize): void {
  const size = <usize>(R * D * 4);
  const width = <usize>(D * 4);
  let column: usize = 0;
  for (let at: usize = 0; at < size; at += 16) {
    let sum = f32x4.add(v128.load(x + at), v128.load(bias + column));
    let part = parts + at;
    for (let i = 0; i < count; i++) {
      sum = f32x4.add(sum, v128.load(part));
      part += size;
    }
    v128.store(x + at, sum);
    column += 16;
    if (column == width) column = 0;
  }
}

/** Layer norm of all rows, then rounded. */
export function normAll(
  x: usize,
  constants: usize,
  R: i32,
  D: i32,
  scratch: usize,
  integers: usize,
  scales: usize,
  block: i32,
): void {
  const blocks = D / block;
  for (let r = 0; r < R; r++) {
    norm(x + <usize>(r * D * 4), constants, D, scratch);
    quantise(
      scratch,
      D,
      block,
      32767,
      integers + <usize>(r * D * 2),
      scales + <usize>(r * blocks * 4),
    );
  }
}

/** @param constants D weights, then D biases */
export function norm(x: usize, constants: usize, D: i32, out: usize): void {
  const bytes = <usize>(D * 4);
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) sum = f32x4.add(sum, v128.load(x + at));
  const mean = f32x4.splat(sumLanes(sum) / <f32>D);
  let squares = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const value = f32x4.sub(v128.load(x + at), mean);
    squares = f32x4.add(squares, f32x4.mul(value, value));
  }
  const scale = f32x4.splat(<f32>1 / sqrt<f32>(sumLanes(squares) / <f32>D + <f32>1e-5));
  for (let at: usize = 0; at < bytes; at += 16) {
    const value = f32x4.mul(f32x4.sub(v128.load(x + at), mean), scale);
    const weighted = f32x4.mul(value, v128.load(constants + at));
    v128.store(out + at, f32x4.add(weighted, v128.load(constants + bytes + at)));
  }
}

/** Rounds a row to integers of at most `limit`, a scale a block, which is a multiple of 16. */
export function quantise(
  x: usize,
  count: i32,
  block: i32,
  limit: f32,
  integers: usize,
  scales: usize,
): void {
  const bytes = <usize>(block * 4);
  const blocks = count / block;
  for (let b = 0; b < blocks; b++) {
    let one = f32x4.splat(0);
    let two = f32x4.splat(0);
    let three = f32x4.splat(0);
    let four = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 64) {
      one = f32x4.pmax(one, f32x4.abs(v128.load(x + at)));
      two = f32x4.pmax(two, f32x4.abs(v128.load(x + at, 16)));
      three = f32x4.pmax(three, f32x4.abs(v128.load(x + at, 32)));
      four = f32x4.pmax(four, f32x4.abs(v128.load(x + at, 48)));
    }
    const top = largestLane(f32x4.pmax(f32x4.pmax(one, two), f32x4.pmax(three, four)));
    store<f32>(scales + ((<usize>b) << 2), top / limit);
    const factor = f32x4.splat(top > 0 ? limit / top : 0);
    for (let at: usize = 0; at < bytes; at += 32) {
      const low = rounded(f32x4.mul(v128.load(x + at), factor));
      const high = rounded(f32x4.mul(v128.load(x + at, 16), factor));
      v128.store(integers + (at >> 1), i16x8.narrow_i32x4_s(low, high));
    }
    x += bytes;
    integers += bytes >> 1;
  }
}

/** x * (1 + erf(x / sqrt 2)) / 2, erf within 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26). */
export function gelu(x: v128): v128 {
  const z = f32x4.mul(f32x4.abs(x), f32x4.splat(0.70710678));
  const t = f32x4.div(
    f32x4.splat(1),
    f32x4.add(f32x4.splat(1), f32x4.mul(z, f32x4.splat(0.3275911))),
  );
  let series = f32x4.splat(1.061405429);
  series = f32x4.add(f32x4.mul(series, t), f32x4.splat(-1.453152027));
  series = f32x4.add(f32x4.mul(series, t), f32x4.splat(1.421413741));
  series = f32x4.add(f32x4.mul(series, t), f32x4.splat(-0.284496736));
  series = f32x4.add(f32x4.mul(series, t), f32x4.splat(0.254829592));
  const tail = f32x4.mul(f32x4.mul(series, t), exponential(f32x4.neg(f32x4.mul(z, z))));
  // tail = 1 - erf(|x| / sqrt 2); a negative x keeps that much of itself, a positive one all but half of it.
  const half = f32x4.mul(f32x4.splat(0.5), tail);
  const share = v128.bitselect(half, f32x4.sub(f32x4.splat(1), half), f32x4.lt(x, f32x4.splat(0)));
  return f32x4.mul(x, share);
}
