/**
 * The transformer of AR-SIT, one chunk of positions at a time, in AssemblyScript: what
 * `AutoregressiveModel.extend` in training/spectral_training/ar.py computes, with weights in 8 bits.
 *
 * Dimensions: R rows (positions of all sequences of a chunk), D width, H heads, d width of a head, F
 * width between the two products of a block, c code dimension, V codes of a codebook.
 *
 * [Note: threads] Every thread runs `work` on the same shared memory and takes its share of heads, of
 * blocks of F, of columns or of codes. What is normed is computed by each for itself, which is quicker
 * than to wait for one that does it; so a layer waits twice. Sums over heads and blocks are stored
 * apart and added in their order, so that the result has the same bits for any number of threads.
 *
 * [Note: products] A weight matrix (N, K) is cut along K into blocks; a block of an output row has one
 * scale, and so has a block of an input row, which is rounded to 16 bits. Products of integers are
 * exact, so what is rounded is the input alone (one part in 65,000 of its block's largest value).
 * Stored: tiles of a block of K and 16 output rows, in which two values of K of every row lie next to
 * each other: an instruction multiplies and adds such pairs of 4 rows, so each output has its own lane.
 * Tiles come in the order in which they are read: where all of K is summed at once, those of the same
 * outputs after each other, else those of the same block.
 *
 * [Note: caches] Keys and values are kept in 16 bits, a scale for each row of a head, so that a step
 * reads half of what floats would be; products of integers are exact here as well. Values of two
 * rows lie next to each other, because one instruction multiplies and adds pairs. A head's part of a
 * cache: keys i16 (capacity, d), values i16 (capacity / 2, d, 2), scales f32 of both (capacity each).
 *
 * Nothing here depends on the processor: no fused products, no approximate instructions.
 */
import { exponential, largestLane, rounded, sumLanes } from "./floats";

/** Weights and scales of a matrix, see [Note: products]; bias of its output, or 0. */
@unmanaged
class Matrix {
  weights: usize;
  /** f32 (blocks, N). */
  scales: usize;
  bias: usize;
  /** Outputs and inputs. */
  rows: i32;
  columns: i32;
  /** Inputs of a block: a multiple of 16. */
  block: i32;
  /** Bytes from a tile to that of the next 16 outputs, and to that of the next block. */
  outputStep: i32;
  blockStep: i32;
}

/** Outputs of a tile. */
const TILE = 16;

/** Pointers into a layer's constants; `norm…` hold D weights, then D biases. */
@unmanaged
class Layer {
  normAttention: usize;
  qkv: Matrix;
  out: Matrix;
  normMlp: usize;
  up: Matrix;
  down: Matrix;
}

@unmanaged
class Model {
  width: i32;
  heads: i32;
  layerCount: i32;
  codeWidth: i32;
  /** Neighbours of a token. */
  slots: i32;
  /** Array of pointers. */
  layers: usize;
  norm: usize;
  textIn: Matrix;
  /** f32 (positions, D). */
  positions: usize;
  /** f32 (rows of both codebooks and one for "none", D): the whole input of the neighbour before. */
  first: usize;
  /** f32 (rows of both codebooks, c). */
  vectors: usize;
  /** Rows of the first codebook. */
  firstRows: i32;
  /** f32 (slots - 1, 2, c, D): maps of the other neighbours. */
  maps: usize;
  /** f32 (slots - 1, D). */
  missing: usize;
  /** f32 (2, D, c) and (2, c): the last map to code vectors, for each codebook. */
  toVector: usize;
  toVectorBias: usize;
  /** f32 (positions, 2, d): cosines and signed sines, or 0. */
  rotation: usize;
}

/** One row of a chunk. */
@unmanaged
class Row {
  /** Start of its sequence's cache: (layers, heads) parts, see [Note: caches]. */
  cache: usize;
  /** Its place in that cache; it sees all rows up to itself. */
  index: i32;
  /** Its position in the model, text first. */
  position: i32;
  /** i32 (slots): rows of the codebooks, -1 for none; 0 for a row of text. */
  near: usize;
  /** f32 (W): what the text encoder says; 0 for a token. */
  text: usize;
}

/** What is to be computed, and where it goes. */
@unmanaged
class Chunk {
  rows: usize;
  count: i32;
  /** Rows of a cache: a multiple of 4. */
  capacity: i32;
  /** i32 (wantedCount): rows whose logits are wanted. */
  wanted: usize;
  wantedCount: i32;
  /** 0 or 1: the codebook. */
  kind: i32;
  /** f32, 4 codes next to each other: (V / 4, c, 4). */
  codebook: usize;
  bias: usize;
  codes: i32;
  /** f32 (wantedCount, V). */
  logits: usize;
  /** Written by all: f32 (R, D). */
  embedded: usize;
  /** Sums apart: f32 (heads or blocks, R, D), two of them in turn. */
  partsOfAttention: usize;
  partsOfMlp: usize;
  /** Working memory of each thread, `scratchBytes` long. */
  scratch: usize;
  scratchBytes: i32;
}

@unmanaged
class Control {
  /** Counts chunks: a worker waits for it to change. */
  generation: i32;
  arrived: i32;
  /** Counts barriers. */
  passed: i32;
  sleepers: i32;
  threads: i32;
  stop: i32;
  model: Model;
  chunk: Chunk;
}

/** Looks before a thread goes to sleep: between two tokens the next one is drawn, which is short. */
const LOOKS = 60_000;

/** Runs a chunk together with the workers. */
export function run(control: Control): void {
  atomic.add<i32>(changetype<usize>(control), 1);
  if (atomic.load<i32>(changetype<usize>(control), offsetof<Control>("sleepers")) > 0) {
    atomic.notify(changetype<usize>(control), -1);
  }
  work(control, 0);
}

/** The life of a worker; ends when `stop` is set. */
export function serve(control: Control, thread: i32, seen: i32): void {
  while (true) {
    seen = waitForChange(control, changetype<usize>(control), seen);
    if (atomic.load<i32>(changetype<usize>(control), offsetof<Control>("stop"))) return;
    work(control, thread);
  }
}

function waitForChange(control: Control, address: usize, old: i32): i32 {
  for (let look = 0; look < LOOKS; look++) {
    const now = atomic.load<i32>(address);
    if (now != old) return now;
  }
  const sleepers = changetype<usize>(control) + offsetof<Control>("sleepers");
  atomic.add<i32>(sleepers, 1);
  while (atomic.load<i32>(address) == old) atomic.wait<i32>(address, old, -1);
  atomic.sub<i32>(sleepers, 1);
  return atomic.load<i32>(address);
}

/** Waits until every thread is here. */
function barrier(control: Control): void {
  const threads = control.threads;
  if (threads == 1) return;
  const passed = changetype<usize>(control) + offsetof<Control>("passed");
  const arrived = changetype<usize>(control) + offsetof<Control>("arrived");
  const old = atomic.load<i32>(passed);
  if (atomic.add<i32>(arrived, 1) == threads - 1) {
    atomic.store<i32>(arrived, 0);
    atomic.add<i32>(passed, 1);
    if (atomic.load<i32>(changetype<usize>(control), offsetof<Control>("sleepers")) > 0) {
      atomic.notify(passed, -1);
    }
  } else {
    waitForChange(control, passed, old);
  }
}

/** First of `count` things that a thread takes. */
function shareFrom(count: i32, thread: i32, threads: i32): i32 {
  return (count * thread) / threads;
}

function work(control: Control, thread: i32): void {
  const threads = control.threads;
  const model = control.model;
  const chunk = control.chunk;
  const D = model.width;
  const R = chunk.count;
  const heads = model.heads;
  const d = D / heads;
  // Working memory of this thread.
  const x = chunk.scratch + <usize>thread * chunk.scratchBytes;
  const normed = x + <usize>(R * D * 4);

  embed(model, chunk, thread, threads, normed);
  barrier(control);
  memory.copy(x, chunk.embedded, <usize>(R * D * 4));

  const firstHead = shareFrom(heads, thread, threads);
  const endHead = shareFrom(heads, thread + 1, threads);
  for (let l = 0; l < model.layerCount; l++) {
    const layer = changetype<Layer>(load<usize>(model.layers + ((<usize>l) << 2)));
    const F = layer.up.rows;
    const blocks = F / layer.down.block;
    // normed: f32 (D); then integers (R, D) and scales (R, blocks of D); then what follows.
    const integers = normed + <usize>(D * 4);
    const scales = integers + <usize>(R * D * 2);
    const rest = scales + <usize>(R * 4 * 64);

    normAll(x, layer.normAttention, R, D, normed, integers, scales, layer.qkv.block);
    for (let head = firstHead; head < endHead; head++) {
      attend(model, chunk, layer, l, head, d, integers, scales, rest);
    }
    barrier(control);
    addParts(x, chunk.partsOfAttention, heads, R, D, layer.out.bias);

    normAll(x, layer.normMlp, R, D, normed, integers, scales, layer.up.block);
    const firstBlock = shareFrom(blocks, thread, threads);
    const endBlock = shareFrom(blocks, thread + 1, threads);
    for (let block = firstBlock; block < endBlock; block++) {
      feed(chunk, layer, block, R, D, integers, scales, rest);
    }
    barrier(control);
    addParts(x, chunk.partsOfMlp, blocks, R, D, layer.down.bias);
  }
  predict(model, chunk, thread, threads, x, normed);
  barrier(control);
}

// -- inputs ------------------------------------------------------------------------------------------

/** This thread's columns of all rows' inputs. */
function embed(model: Model, chunk: Chunk, thread: i32, threads: i32, scratch: usize): void {
  const D = model.width;
  const tiles = D / TILE;
  const fromTile = shareFrom(tiles, thread, threads);
  const endTile = shareFrom(tiles, thread + 1, threads);
  const from = fromTile * (TILE / 4);
  const end = endTile * (TILE / 4);
  const c = model.codeWidth;
  for (let r = 0; r < chunk.count; r++) {
    const row = changetype<Row>(chunk.rows + <usize>r * offsetof<Row>());
    const out = chunk.embedded + <usize>(r * D * 4);
    const position = model.positions + <usize>(row.position * D * 4);
    if (row.text != 0) {
      const matrix = model.textIn;
      const W = matrix.columns;
      quantise(row.text, W, matrix.block, 32767, scratch, scratch + <usize>(W * 2));
      const to = out + ((<usize>from) << 4);
      multiplyTo(matrix, fromTile, endTile, 1, scratch, scratch + <usize>(W * 2), to, D);
      for (let q = from; q < end; q++) {
        const at = (<usize>q) << 4;
        v128.store(out + at, f32x4.add(v128.load(out + at), v128.load(position + at)));
      }
      continue;
    }
    const before = load<i32>(row.near);
    const first = model.first + <usize>before * <usize>(D * 4);
    for (let q = from; q < end; q++) {
      const at = (<usize>q) << 4;
      v128.store(out + at, f32x4.add(v128.load(first + at), v128.load(position + at)));
    }
    for (let slot = 1; slot < model.slots; slot++) {
      const code = load<i32>(row.near + ((<usize>slot) << 2));
      if (code < 0) {
        const missing = model.missing + <usize>((slot - 1) * D * 4);
        for (let q = from; q < end; q++) {
          const at = (<usize>q) << 4;
          v128.store(out + at, f32x4.add(v128.load(out + at), v128.load(missing + at)));
        }
        continue;
      }
      const kind = i32(code >= model.firstRows);
      const map = model.maps + <usize>(((slot - 1) * 2 + kind) * c * D * 4);
      const vector = model.vectors + <usize>code * <usize>(c * 4);
      for (let q = from; q < end; q++) {
        const at = (<usize>q) << 4;
        let sum = v128.load(out + at);
        let column = map + at;
        for (let i = 0; i < c; i++) {
          const factor = v128.load32_splat(vector + ((<usize>i) << 2));
          sum = f32x4.add(sum, f32x4.mul(factor, v128.load(column)));
          column += <usize>(D * 4);
        }
        v128.store(out + at, sum);
      }
    }
  }
}

// -- layers ------------------------------------------------------------------------------------------

/** Queries, keys and values of one head, its attention, and its part of the sum that follows. */
function attend(
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
  const pairs = (seen + 1) / 2;
  for (let at: usize = 0; at < stride; at += 64) {
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    let c = i32x4.splat(0);
    let e = i32x4.splat(0);
    let value = values + at;
    for (let pair = 0; pair < pairs; pair++) {
      const weight = v128.load32_splat(weights + ((<usize>pair) << 2));
      a = i32x4.add(a, i32x4.dot_i16x8_s(weight, v128.load(value)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(weight, v128.load(value, 16)));
      c = i32x4.add(c, i32x4.dot_i16x8_s(weight, v128.load(value, 32)));
      e = i32x4.add(e, i32x4.dot_i16x8_s(weight, v128.load(value, 48)));
      value += stride;
    }
    v128.store(out + at, f32x4.mul(f32x4.convert_i32x4_s(a), back));
    v128.store(out + at, f32x4.mul(f32x4.convert_i32x4_s(b), back), 16);
    v128.store(out + at, f32x4.mul(f32x4.convert_i32x4_s(c), back), 32);
    v128.store(out + at, f32x4.mul(f32x4.convert_i32x4_s(e), back), 48);
  }
}

/** One block of the hidden values between the products, and its part of the sum that follows. */
function feed(
  chunk: Chunk,
  layer: Layer,
  block: i32,
  R: i32,
  D: i32,
  integers: usize,
  scales: usize,
  scratch: usize,
): void {
  const size = layer.down.block;
  const tiles = size / TILE;
  const hidden = scratch;
  const hiddenIntegers = hidden + <usize>(R * size * 4);
  const hiddenScales = hiddenIntegers + <usize>(R * size * 2);
  multiplyTo(layer.up, block * tiles, (block + 1) * tiles, R, integers, scales, hidden, size);
  for (let r = 0; r < R; r++) {
    const row = hidden + <usize>(r * size * 4);
    for (let at: usize = 0; at < <usize>(size * 4); at += 16) {
      v128.store(row + at, gelu(v128.load(row + at)));
    }
    quantise(
      row,
      size,
      size,
      32767,
      hiddenIntegers + <usize>(r * size * 2),
      hiddenScales + ((<usize>r) << 2),
    );
  }
  const parts = chunk.partsOfMlp + <usize>(block * R * D * 4);
  multiply(
    layer.down,
    block,
    block + 1,
    0,
    D / TILE,
    R,
    hiddenIntegers,
    size,
    hiddenScales,
    1,
    parts,
    D,
  );
}

// -- outputs -----------------------------------------------------------------------------------------

/** This thread's share of the logits of the wanted rows. */
function predict(
  model: Model,
  chunk: Chunk,
  thread: i32,
  threads: i32,
  x: usize,
  scratch: usize,
): void {
  const D = model.width;
  const c = model.codeWidth;
  const quads = chunk.codes / 4;
  const from = shareFrom(quads, thread, threads);
  const end = shareFrom(quads, thread + 1, threads);
  const normed = scratch;
  const vector = scratch + <usize>(D * 4);
  const map = model.toVector + <usize>(chunk.kind * D * c * 4);
  const bias = model.toVectorBias + <usize>(chunk.kind * c * 4);
  for (let w = 0; w < chunk.wantedCount; w++) {
    const r = load<i32>(chunk.wanted + ((<usize>w) << 2));
    norm(x + <usize>(r * D * 4), model.norm, D, normed);
    memory.copy(vector, bias, <usize>(c * 4));
    for (let i = 0; i < D; i++) {
      const factor = v128.load32_splat(normed + ((<usize>i) << 2));
      const column = map + <usize>(i * c * 4);
      for (let at: usize = 0; at < <usize>(c * 4); at += 16) {
        const sum = f32x4.add(v128.load(vector + at), f32x4.mul(factor, v128.load(column + at)));
        v128.store(vector + at, sum);
      }
    }
    const logits = chunk.logits + <usize>w * <usize>(chunk.codes * 4);
    let code = chunk.codebook + <usize>(from * c * 16);
    for (let q = from; q < end; q++) {
      const at = (<usize>q) << 4;
      let sum = v128.load(chunk.bias + at);
      for (let i: usize = 0; i < <usize>(c * 4); i += 4) {
        sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(vector + i), v128.load(code)));
        code += 16;
      }
      v128.store(logits + at, sum);
    }
  }
}

// -- products ----------------------------------------------------------------------------------------

/** All of K times the outputs of some tiles, biased: f32 (R, its own outputs alone) at `out`. */
function multiplyTo(
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
function multiply(
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
function sums(a: v128, b: v128, c: v128, e: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const ce = i32x4.add(v128.shuffle<i32>(c, e, 0, 4, 1, 5), v128.shuffle<i32>(c, e, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(ab, ce, 0, 2), v128.shuffle<i64>(ab, ce, 1, 3));
}

// -- rows --------------------------------------------------------------------------------------------

/** x += the parts in their order, and a bias. */
function addParts(x: usize, parts: usize, count: i32, R: i32, D: i32, bias: usize): void {
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
function normAll(
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
function norm(x: usize, constants: usize, D: i32, out: usize): void {
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

/** Rounds a row to integers of at most `limit`, a scale a block. */
function quantise(
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
    let largest = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      largest = f32x4.pmax(largest, f32x4.abs(v128.load(x + at)));
    }
    const top = largestLane(largest);
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
function gelu(x: v128): v128 {
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
