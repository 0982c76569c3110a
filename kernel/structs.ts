/** What the decoder of AR-SIT finds in its memory; see decode.ts for the letters of dimensions. */

/** Weights and scales of a matrix, see products.ts [Note: products]; bias of its output, or 0. */
@unmanaged
export class Matrix {
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

/** Pointers into a layer's constants; `norm…` hold D weights, then D biases. */
@unmanaged
export class Layer {
  normAttention: usize;
  qkv: Matrix;
  out: Matrix;
  normMlp: usize;
  up: Matrix;
  down: Matrix;
}

@unmanaged
export class Model {
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
export class Row {
  /** Start of its sequence's cache: (layers, heads) parts, see attention.ts [Note: caches]. */
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
export class Chunk {
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
export class Control {
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
