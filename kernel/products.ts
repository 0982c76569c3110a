/**
 * Products of matrices with weights in 8 bits.
 *
 * [Note: products] A weight matrix (N, K) is cut along K into blocks; a block of an output row has one
 * scale, and so has a block of an input row, which is rounded to 16 bits. Products of integers are
 * exact, so what is rounded is the input alone (one part in 65,000 of its block's largest value).
 * Stored: tiles of a block of K and 16 output rows, in which two values of K of every row lie next to
 * each other: an instruction multiplies and adds such pairs of 4 rows, so each output has its own lane.
 * Tiles come in the order in which they are read: where all of K is summed at once, those of the same
 * outputs after each other, else those of the same block.
 */
import { Matrix } from "./structs";

/** Outputs of a tile. */
export const TILE = 16;

/** All of K times the outputs of some tiles, biased: f32 (R, its own outputs alone) at `out`. */
export function multiplyTo(
  matrix: Matrix,
  from: i32,
  end: i32,
  R: i32,
  integers: usize,
  scales: usize,
  out: usize,
  outStride: i32,
): void {
  const blocks = matrix.columns / matrix.block;
  const K = matrix.columns;
  multiply(matrix, 0, blocks, from, end, R, integers, K, scales, blocks, out, outStride);
  if (matrix.bias == 0) return;
  const bias = matrix.bias + <usize>(from * TILE * 4);
  const bytes = <usize>((end - from) * TILE * 4);
  for (let r = 0; r < R; r++) {
    const row = out + <usize>(r * outStride * 4);
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(row + at, f32x4.add(v128.load(row + at), v128.load(bias + at)));
    }
  }
}

/**
 * Some blocks of K times the outputs of some tiles, of all R inputs.
 * @param integers of the first of these blocks; `stride` values between rows
 * @param scales of the first of these blocks; `scaleStride` between rows
 */
export function multiply(
  matrix: Matrix,
  fromBlock: i32,
  endBlock: i32,
  from: i32,
  end: i32,
  R: i32,
  integers: usize,
  stride: i32,
  scales: usize,
  scaleStride: i32,
  out: usize,
  outStride: i32,
): void {
  const size = matrix.block;
  const bytes = <usize>(size * TILE);
  const rowBytes = <usize>(stride * 2);
  const outBytes = <usize>(outStride * 4);
  const scaleBytes = (<usize>scaleStride) << 2;
  const scaleStep = <usize>(matrix.rows * 4);
  for (let tile = from; tile < end; tile++) {
    let weights =
      matrix.weights + <usize>tile * matrix.outputStep + <usize>fromBlock * matrix.blockStep;
    let scale = matrix.scales + <usize>fromBlock * scaleStep + <usize>(tile * TILE * 4);
    let firstInput = integers;
    let firstScale = scales;
    for (let block = fromBlock; block < endBlock; block++) {
      const isAdded = block > fromBlock;
      const stop = weights + bytes;
      let to = out;
      let input = firstInput;
      let inputScale = firstScale;
      let r = 0;
      for (; r + 1 < R; r += 2) {
        let a = i32x4.splat(0);
        let b = i32x4.splat(0);
        let c = i32x4.splat(0);
        let e = i32x4.splat(0);
        let a1 = i32x4.splat(0);
        let b1 = i32x4.splat(0);
        let c1 = i32x4.splat(0);
        let e1 = i32x4.splat(0);
        let source = input;
        for (let at = weights; at < stop; at += 32) {
          const one = v128.load32_splat(source);
          const other = v128.load32_splat(source + rowBytes);
          source += 4;
          let w = v128.load_ext<i8>(at);
          a = i32x4.add(a, i32x4.dot_i16x8_s(w, one));
          a1 = i32x4.add(a1, i32x4.dot_i16x8_s(w, other));
          w = v128.load_ext<i8>(at, 8);
          b = i32x4.add(b, i32x4.dot_i16x8_s(w, one));
          b1 = i32x4.add(b1, i32x4.dot_i16x8_s(w, other));
          w = v128.load_ext<i8>(at, 16);
          c = i32x4.add(c, i32x4.dot_i16x8_s(w, one));
          c1 = i32x4.add(c1, i32x4.dot_i16x8_s(w, other));
          w = v128.load_ext<i8>(at, 24);
          e = i32x4.add(e, i32x4.dot_i16x8_s(w, one));
          e1 = i32x4.add(e1, i32x4.dot_i16x8_s(w, other));
        }
        put(to, a, b, c, e, scale, inputScale, isAdded);
        put(to + outBytes, a1, b1, c1, e1, scale, inputScale + scaleBytes, isAdded);
        to += 2 * outBytes;
        input += 2 * rowBytes;
        inputScale += 2 * scaleBytes;
      }
      if (r < R) {
        let a = i32x4.splat(0);
        let b = i32x4.splat(0);
        let c = i32x4.splat(0);
        let e = i32x4.splat(0);
        let source = input;
        for (let at = weights; at < stop; at += 64) {
          const one = v128.load32_splat(source);
          const two = v128.load32_splat(source, 4);
          source += 8;
          a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(at), one));
          b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load_ext<i8>(at, 8), one));
          c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load_ext<i8>(at, 16), one));
          e = i32x4.add(e, i32x4.dot_i16x8_s(v128.load_ext<i8>(at, 24), one));
          a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(at, 32), two));
          b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load_ext<i8>(at, 40), two));
          c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load_ext<i8>(at, 48), two));
          e = i32x4.add(e, i32x4.dot_i16x8_s(v128.load_ext<i8>(at, 56), two));
        }
        put(to, a, b, c, e, scale, inputScale, isAdded);
      }
      weights += matrix.blockStep;
      scale += scaleStep;
      firstInput += <usize>(size * 2);
      firstScale += 4;
    }
    out += TILE * 4;
  }
}

/** A tile's sums of one row, as floats. */
function put(
  to: usize,
  a: v128,
  b: v128,
  c: v128,
  e: v128,
  scale: usize,
  inputScale: usize,
  isAdded: bool,
): void {
  const factor = v128.load32_splat(inputScale);
  let first = f32x4.mul(f32x4.convert_i32x4_s(a), f32x4.mul(v128.load(scale), factor));
  let second = f32x4.mul(f32x4.convert_i32x4_s(b), f32x4.mul(v128.load(scale, 16), factor));
  let third = f32x4.mul(f32x4.convert_i32x4_s(c), f32x4.mul(v128.load(scale, 32), factor));
  let fourth = f32x4.mul(f32x4.convert_i32x4_s(e), f32x4.mul(v128.load(scale, 48), factor));
  if (isAdded) {
    first = f32x4.add(v128.load(to), first);
    second = f32x4.add(v128.load(to, 16), second);
    third = f32x4.add(v128.load(to, 32), third);
    fourth = f32x4.add(v128.load(to, 48), fourth);
  }
  v128.store(to, first);
  v128.store(to, second, 16);
  v128.store(to, third, 32);
  v128.store(to, fourth, 48);
}

/** The four vectors' sums. */
export function sums(a: v128, b: v128, c: v128, e: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const ce = i32x4.add(v128.shuffle<i32>(c, e, 0, 4, 1, 5), v128.shuffle<i32>(c, e, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(ab, ce, 0, 2), v128.shuffle<i64>(ab, ce, 1, 3));
}
