/**
 * Shape of the caches: (layers, batch, heads, positions, headDim), row-major, which is how the
 * graph takes them; so a chunk of positions is one contiguous run for each (layer, batch, head).
 */
export interface CacheShape {
  readonly layers: number;
  readonly batch: number;
  readonly heads: number;
  /** Text positions plus tokens. */
  readonly positions: number;
  readonly headDim: number;
}

/** Additive mask of what may not be attended; finite, because a row of infinities has no softmax. */
export const HIDDEN = -1e9;

/**
 * Keys and values of all positions of a batch of sequences, always at full size: the graph gets the
 * same arrays each step and returns only the new rows, which are written in here.
 */
export class KeyValueCache {
  readonly keys: Float32Array;
  readonly values: Float32Array;
  /** (batch, positions): 0 where a row was written and may be attended, else {@link HIDDEN}. */
  readonly mask: Float32Array;

  constructor(readonly shape: CacheShape) {
    const { layers, batch, heads, positions, headDim } = shape;
    const length = layers * batch * heads * positions * headDim;
    this.keys = new Float32Array(length);
    this.values = new Float32Array(length);
    this.mask = new Float32Array(batch * positions).fill(HIDDEN);
  }

  /** A cache of its own with the same rows. */
  copy(): KeyValueCache {
    const copy = new KeyValueCache(this.shape);
    copy.keys.set(this.keys);
    copy.values.set(this.values);
    copy.mask.set(this.mask);
    return copy;
  }

  /** A cache with every sequence `times` times: the whole batch, then the whole batch again. */
  repeat(times: number): KeyValueCache {
    const { layers, batch, heads, positions, headDim } = this.shape;
    const repeated = new KeyValueCache({ ...this.shape, batch: batch * times });
    const length = batch * heads * positions * headDim;
    for (let layer = 0; layer < layers; layer++) {
      const keys = this.keys.subarray(layer * length, (layer + 1) * length);
      const values = this.values.subarray(layer * length, (layer + 1) * length);
      for (let copy = 0; copy < times; copy++) {
        repeated.keys.set(keys, (layer * times + copy) * length);
        repeated.values.set(values, (layer * times + copy) * length);
      }
    }
    for (let copy = 0; copy < times; copy++) repeated.mask.set(this.mask, copy * this.mask.length);
    return repeated;
  }

  /**
   * Writes the rows of `count` positions from `start` on.
   * @param newKeys, newValues (layers, batch, heads, count, headDim)
   * @param isUsable for a sequence of the batch and a row of the chunk; padding stays hidden
   */
  write(
    start: number,
    count: number,
    newKeys: Float32Array,
    newValues: Float32Array,
    isUsable: (sequence: number, row: number) => boolean = () => true,
  ): void {
    const { layers, batch, heads, positions, headDim } = this.shape;
    const run = count * headDim;
    for (let head = 0; head < layers * batch * heads; head++) {
      const target = (head * positions + start) * headDim;
      this.keys.set(newKeys.subarray(head * run, (head + 1) * run), target);
      this.values.set(newValues.subarray(head * run, (head + 1) * run), target);
    }
    for (let sequence = 0; sequence < batch; sequence++) {
      for (let row = 0; row < count; row++) {
        if (isUsable(sequence, row)) this.mask[sequence * positions + start + row] = 0;
      }
    }
  }
}
