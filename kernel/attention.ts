/**
 * One head of attention.
 *
 * [Note: caches] Keys and values are kept in 16 bits, a scale for each row of a head, so that a step
 * reads half of what floats would be; products of integers are exact here as well. Values of two
 * rows lie next to each other, because one instruction multiplies and adds pairs. A head's part of a
 * cache: keys i16 (capacity, d), values i16 (capacity / 2, d, 2), scales f32 of both (capacity each).
 */
import { exponential, largestLane, rounded, sumLanes } from "./floats";
import { multiply, multiplyTo, sums, TILE } from "./products";
import { quantise } from "./rows";
import { Chunk, Layer, Model, Row } from "./structs";

/** Queries, keys and values of one head, its attention, and its part of the sum that follows. */
export function attend(
  model: Model,
  chunk: Chunk,
  layer: Layer,
  index: i32,
  head: i32,
  d: i32,
  integers: usize,
  scales: usize,
  scratch: usize,
): void {
  const R = chunk.count;
  const D = model.width;
  const tiles = d / TILE;
  const capacity = <usize>chunk.capacity;
  const perHead = capacity * <usize>(d * 4 + 8);
  const limit = limitOf(d);
  // (R, d) each, then what is attended as integers, its scales, a rounded row, and its weights.
  const size = <usize>(R * d * 4);
  const query = scratch;
  const key = query + size;
  const value = key + size;
  const attended = value + size;
  const attendedScales = attended + <usize>(R * d * 2);
  const integerRow = attendedScales + <usize>((R * 4 + 15) & ~15);
  const weights = integerRow + <usize>(d * 2 + 16);
  const ofAll = D / TILE;
  const first = head * tiles;
  multiplyTo(layer.qkv, first, first + tiles, R, integers, scales, query, d);
  multiplyTo(layer.qkv, ofAll + first, ofAll + first + tiles, R, integers, scales, key, d);
  multiplyTo(
    layer.qkv,
    2 * ofAll + first,
    2 * ofAll + first + tiles,
    R,
    integers,
    scales,
    value,
    d,
  );
  for (let r = 0; r < R; r++) {
    const row = changetype<Row>(chunk.rows + <usize>r * offsetof<Row>());
    const keys = row.cache + <usize>(index * model.heads + head) * perHead;
    const values = keys + capacity * <usize>(d * 2);
    const keyScales = values + capacity * <usize>(d * 2);
    const valueScales = keyScales + capacity * 4;
    const at = <usize>(r * d * 4);
    const place = <usize>row.index;
    if (model.rotation != 0) {
      const turn = model.rotation + <usize>(row.position * 2 * d * 4);
      rotate(query + at, turn, d);
      rotate(key + at, turn, d);
    }
    quantise(key + at, d, d, limit, keys + place * <usize>(d * 2), keyScales + (place << 2));
    quantise(value + at, d, d, 32767, integerRow, valueScales + (place << 2));
    const pairs = values + (place >> 1) * <usize>(d * 4) + ((place & 1) << 1);
    for (let i: usize = 0; i < <usize>d; i++) {
      store<i16>(pairs + (i << 2), load<i16>(integerRow + (i << 1)));
    }
    const seen = row.index + 1;
    // The weights come behind the query's scale.
    quantise(query + at, d, d, limit, integerRow, integerRow + <usize>(d * 2));
    const queryScale = load<f32>(integerRow + <usize>(d * 2));
    const sum = weigh(integerRow, queryScale, keys, keyScales, seen, d, weights);
    // The query is not needed any more.
    mix(weights, sum, values, valueScales, seen, d, query + at);
    quantise(
      query + at,
      d,
      d,
      32767,
      attended + <usize>(r * d * 2),
      attendedScales + ((<usize>r) << 2),
    );
  }
  const parts = chunk.partsOfAttention + <usize>(head * R * D * 4);
  multiply(layer.out, head, head + 1, 0, ofAll, R, attended, d, attendedScales, 1, parts, D);
}

/** Largest integer of which d products of two add up in 32 bits. */
function limitOf(d: i32): f32 {
  return floor<f32>(sqrt<f32>(<f32>2147483000 / <f32>d));
}

/** Turns a row (d) in place; half of the pairs lie half a row apart. */
function rotate(row: usize, turn: usize, d: i32): void {
  const half = <usize>(d * 2);
  const sines = turn + <usize>(d * 4);
  for (let at: usize = 0; at < half; at += 16) {
    const one = v128.load(row + at);
    const other = v128.load(row + half + at);
    const turned = f32x4.add(
      f32x4.mul(one, v128.load(turn + at)),
      f32x4.mul(other, v128.load(sines + at)),
    );
    v128.store(
      row + half + at,
      f32x4.add(
        f32x4.mul(other, v128.load(turn + half + at)),
        f32x4.mul(one, v128.load(sines + half + at)),
      ),
    );
    v128.store(row + at, turned);
  }
}

/** Weights before their division by the sum that is returned; up to three more are 0. */
function weigh(
  query: usize,
  queryScale: f32,
  keys: usize,
  keyScales: usize,
  seen: i32,
  d: i32,
  weights: usize,
): f32 {
  const stride = <usize>(d * 2);
  const scale = f32x4.splat(queryScale);
  let largest = f32x4.splat(-Infinity);
  for (let row = 0; row < seen; row += 4) {
    let key = keys + <usize>row * stride;
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    let c = i32x4.splat(0);
    let e = i32x4.splat(0);
    for (let at: usize = 0; at < stride; at += 16) {
      const q = v128.load(query + at);
      a = i32x4.add(a, i32x4.dot_i16x8_s(q, v128.load(key)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(q, v128.load(key + stride)));
      c = i32x4.add(c, i32x4.dot_i16x8_s(q, v128.load(key + 2 * stride)));
      e = i32x4.add(e, i32x4.dot_i16x8_s(q, v128.load(key + 3 * stride)));
      key += 16;
    }
    const factors = f32x4.mul(scale, v128.load(keyScales + ((<usize>row) << 2)));
    let scores = f32x4.mul(f32x4.convert_i32x4_s(sums(a, b, c, e)), factors);
    // Rows that were not written yet do not count.
    const left = seen - row;
    if (left < 4) {
      const isIn = i32x4.gt_s(i32x4.splat(left), i32x4(0, 1, 2, 3));
      scores = v128.bitselect(scores, f32x4.splat(-Infinity), isIn);
    }
    v128.store(weights + ((<usize>row) << 2), scores);
    largest = f32x4.max(largest, scores);
  }
  const top = f32x4.splat(largestLane(largest));
  let total = f32x4.splat(0);
  for (let row = 0; row < seen; row += 4) {
    const at = weights + ((<usize>row) << 2);
    const weight = exponential(f32x4.sub(v128.load(at), top));
    v128.store(at, weight);
    total = f32x4.add(total, weight);
  }
  return sumLanes(total);
}

/**
 * The weighted mean of values (d). Weights times the rows' scales are rounded so that all of them add
 * up to 32767 or hardly more: then no sum of products leaves 32 bits.
 * @param sum of the weights, which are overwritten
 */
function mix(
  weights: usize,
  sum: f32,
  values: usize,
  scales: usize,
  seen: i32,
  d: i32,
  out: usize,
): void {
  let largest = f32x4.splat(0);
  const end = <usize>(seen * 4);
  // Behind the last row there may be anything, of weight 0.
  for (let at: usize = 0; at < end; at += 16) {
    const isIn = f32x4.gt(v128.load(weights + at), f32x4.splat(0));
    largest = f32x4.max(largest, v128.and(v128.load(scales + at), isIn));
  }
  const top = largestLane(largest);
  const factor = f32x4.splat(top > 0 ? <f32>32767 / (sum * top) : 0);
  // In place: an integer takes half the room of the float that it is made of.
  for (let at: usize = 0; at < end; at += 16) {
    const weight = v128.load(weights + at);
    const share = f32x4.mul(f32x4.mul(weight, v128.load(scales + at)), factor);
    const isIn = f32x4.gt(weight, f32x4.splat(0));
    const integers = v128.and(rounded(share), isIn);
    v128.store64_lane(weights + (at >> 1), i16x8.narrow_i32x4_s(integers, integers), 0);
  }
  const stride = <usize>(d * 4);
  const back = f32x4.splat(top / <f32>32767);
  const endOfPairs = weights + (((<usize>(seen + 1)) >> 1) << 2);
  let at: usize = 0;
  // 32 values at once are as many sums as a processor has registers for.
  for (; at + 128 <= stride; at += 128) {
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    let c = i32x4.splat(0);
    let e = i32x4.splat(0);
    let a1 = i32x4.splat(0);
    let b1 = i32x4.splat(0);
    let c1 = i32x4.splat(0);
    let e1 = i32x4.splat(0);
    let value = values + at;
    for (let pair = weights; pair < endOfPairs; pair += 4) {
      const weight = v128.load32_splat(pair);
      a = i32x4.add(a, i32x4.dot_i16x8_s(weight, v128.load(value)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(weight, v128.load(value, 16)));
      c = i32x4.add(c, i32x4.dot_i16x8_s(weight, v128.load(value, 32)));
      e = i32x4.add(e, i32x4.dot_i16x8_s(weight, v128.load(value, 48)));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(weight, v128.load(value, 64)));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(weight, v128.load(value, 80)));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(weight, v128.load(value, 96)));
      e1 = i32x4.add(e1, i32x4.dot_i16x8_s(weight, v128.load(value, 112)));
      value += stride;
    }
    putFloats(out + at, a, b, c, e, back);
    putFloats(out + at + 64, a1, b1, c1, e1, back);
  }
  if (at < stride) {
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    let c = i32x4.splat(0);
    let e = i32x4.splat(0);
    let value = values + at;
    for (let pair = weights; pair < endOfPairs; pair += 4) {
      const weight = v128.load32_splat(pair);
      a = i32x4.add(a, i32x4.dot_i16x8_s(weight, v128.load(value)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(weight, v128.load(value, 16)));
      c = i32x4.add(c, i32x4.dot_i16x8_s(weight, v128.load(value, 32)));
      e = i32x4.add(e, i32x4.dot_i16x8_s(weight, v128.load(value, 48)));
      value += stride;
    }
    putFloats(out + at, a, b, c, e, back);
  }
}

/** Four vectors of integers as floats, times `factor`. */
function putFloats(to: usize, a: v128, b: v128, c: v128, e: v128, factor: v128): void {
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(a), factor));
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(b), factor), 16);
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(c), factor), 32);
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(e), factor), 48);
}
