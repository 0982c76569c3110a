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
 * Nothing here depends on the processor: no fused products, no approximate instructions.
 */
import { attend } from "./attention";
import { multiply, multiplyTo, TILE } from "./products";
import { addParts, gelu, norm, normAll, quantise } from "./rows";
import { Chunk, Control, Layer, Model, Row } from "./structs";
import { barrier, shareFrom, waitForChange } from "./threads";

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
    for (let at: usize = 0; at < <usize>(c * 4); at += 16) {
      let sum = v128.load(bias + at);
      let column = map + at;
      for (let value = normed; value < normed + <usize>(D * 4); value += 4) {
        sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(value), v128.load(column)));
        column += <usize>(c * 4);
      }
      v128.store(vector + at, sum);
    }
    const logits = chunk.logits + <usize>w * <usize>(chunk.codes * 4);
    let code = chunk.codebook + <usize>(from * c * 16);
    const quad = <usize>(c * 16);
    let q = from;
    // Four at a time: their sums wait for each other less, and a value is read once for all.
    for (; q + 3 < end; q += 4) {
      const at = (<usize>q) << 4;
      let one = v128.load(chunk.bias + at);
      let two = v128.load(chunk.bias + at, 16);
      let three = v128.load(chunk.bias + at, 32);
      let four = v128.load(chunk.bias + at, 48);
      const stop = code + quad;
      for (let value = vector; code < stop; code += 16) {
        const factor = v128.load32_splat(value);
        one = f32x4.add(one, f32x4.mul(factor, v128.load(code)));
        two = f32x4.add(two, f32x4.mul(factor, v128.load(code + quad)));
        three = f32x4.add(three, f32x4.mul(factor, v128.load(code + 2 * quad)));
        four = f32x4.add(four, f32x4.mul(factor, v128.load(code + 3 * quad)));
        value += 4;
      }
      v128.store(logits + at, one);
      v128.store(logits + at, two, 16);
      v128.store(logits + at, three, 32);
      v128.store(logits + at, four, 48);
      code += 3 * quad;
    }
    for (; q < end; q++) {
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
