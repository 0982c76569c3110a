/** Sizes of the caches. */
export interface CacheShape {
  readonly layers: number;
  readonly batch: number;
  readonly heads: number;
  readonly headDim: number;
}

/** Additive mask of what may not be attended; finite, because a row of infinities has no softmax. */
export const HIDDEN = -1e9;

/** The caches grow by so many rows: each size costs the runtime a new plan of its memory. */
const STEP = 64;

/**
 * Keys and values of the positions that a batch of sequences has read, row by row in the order of
 * reading. The graph takes each layer's arrays as they are and returns only the new rows, which are
 * written in here; the arrays have room for some more rows, which the mask hides.
 *
 * Their size follows what was read and not the longest possible sequence, because every step reads
 * all of it.
 */
export class KeyValueCache {
  /** For each layer (batch, heads, headDim, capacity). */
  keys: Float32Array[];
  /** For each layer (batch, heads, capacity, headDim). */
  values: Float32Array[];
  /** (batch, capacity): 0 where a row was written and may be attended, else {@link HIDDEN}. */
  mask: Float32Array;
  /** Rows that were written. */
  length = 0;

  constructor(
    readonly shape: CacheShape,
    /** Rows that there is room for. */
    public capacity = STEP,
  ) {
    const { layers, batch, heads, headDim } = shape;
    const size = batch * heads * headDim * capacity;
    this.keys = Array.from({ length: layers }, () => new Float32Array(size));
    this.values = Array.from({ length: layers }, () => new Float32Array(size));
    this.mask = new Float32Array(batch * capacity).fill(HIDDEN);
  }

  /** A cache of its own with every sequence `times` times: the whole batch, then the batch again. */
  repeat(times: number): KeyValueCache {
    const repeated = new KeyValueCache(
      { ...this.shape, batch: this.shape.batch * times },
      this.capacity,
    );
    repeated.length = this.length;
    const fill = (target: Float32Array | undefined, source: Float32Array) => {
      for (let copy = 0; copy < times; copy++) target?.set(source, copy * source.length);
    };
    this.keys.forEach((keys, layer) => fill(repeated.keys[layer], keys));
    this.values.forEach((values, layer) => fill(repeated.values[layer], values));
    fill(repeated.mask, this.mask);
    return repeated;
  }

  /**
   * Appends `count` rows.
   * @param newKeys, newValues (layers, batch, heads, count, headDim)
   * @param isUsable for a sequence of the batch and a row of the chunk; padding stays hidden
   */
  append(
    count: number,
    newKeys: Float32Array,
    newValues: Float32Array,
    isUsable: (sequence: number, row: number) => boolean = () => true,
  ): void {
    if (this.length + count > this.capacity) this.#grow(this.length + count);
    const { batch, heads, headDim } = this.shape;
    const run = count * headDim;
    const blocks = batch * heads;
    this.values.forEach((values, layer) => {
      for (let block = 0; block < blocks; block++) {
        const from = (layer * blocks + block) * run;
        values.set(
          newValues.subarray(from, from + run),
          (block * this.capacity + this.length) * headDim,
        );
      }
    });
    this.keys.forEach((keys, layer) => {
      for (let block = 0; block < blocks; block++) {
        let from = (layer * blocks + block) * run;
        for (let row = 0; row < count; row++) {
          let to = block * headDim * this.capacity + this.length + row;
          for (let dim = 0; dim < headDim; dim++, to += this.capacity) {
            keys[to] = newKeys[from++] ?? 0;
          }
        }
      }
    });
    for (let sequence = 0; sequence < batch; sequence++) {
      for (let row = 0; row < count; row++) {
        if (!isUsable(sequence, row)) continue;
        this.mask[sequence * this.capacity + this.length + row] = 0;
      }
    }
    this.length += count;
  }

  /** Makes room for at least `rows` rows. */
  #grow(rows: number): void {
    const { batch, heads, headDim } = this.shape;
    const larger = new KeyValueCache(this.shape, Math.ceil(rows / STEP) * STEP);
    const blocks = batch * heads;
    this.values.forEach((values, layer) => {
      spread(values, this.capacity * headDim, larger.values[layer], larger.capacity * headDim);
    });
    this.keys.forEach((keys, layer) => {
      spread(keys, this.capacity, larger.keys[layer], larger.capacity, blocks * headDim);
    });
    spread(this.mask, this.capacity, larger.mask, larger.capacity);
    this.keys = larger.keys;
    this.values = larger.values;
    this.mask = larger.mask;
    this.capacity = larger.capacity;
  }
}

/** Copies runs of one length to the beginnings of longer ones. */
function spread(
  source: Float32Array,
  run: number,
  target: Float32Array | undefined,
  longerRun: number,
  count = source.length / run,
): void {
  for (let index = 0; index < count; index++) {
    target?.set(source.subarray(index * run, (index + 1) * run), index * longerRun);
  }
}
