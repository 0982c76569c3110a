import { createSamples, type BitDepth, type Samples } from "../raster.js";

/** One axis of a reduction: `from` pixels become `to`, of which those from `start` on are wanted. */
export interface ReducedAxis {
  readonly from: number;
  /** At most `from`. */
  readonly to: number;
  /** Output pixels start..end-1 are made. */
  readonly start: number;
  readonly end: number;
}

/** Input pixels start..end-1 that the wanted output pixels of an axis cover, some of them in part. */
export function coveredSpan({ from, to, start, end }: ReducedAxis): {
  readonly start: number;
  readonly end: number;
} {
  return { start: Math.floor((start * from) / to), end: Math.ceil((end * from) / to) };
}

/**
 * Reduces a picture by exact areas, row by row: an output pixel is the mean of the input rectangle
 * that it covers, pixels at its edge counted by the part that lies inside.
 *
 * [Note: rational weights] Measured in units of 1/to of an input pixel, an input pixel is `to` long
 * and an output pixel `from` long, so every overlap is a whole number. Sums are whole numbers below
 * 2^53 for every picture within the limits, hence exact; only the last division rounds, to nearest.
 */
export class AreaReducer {
  readonly #sums: Float64Array;
  readonly #row: Float64Array;
  /** Input row that comes next, and output row that is being summed. */
  #input: number;
  #output: number;

  constructor(
    private readonly columns: ReducedAxis,
    private readonly rows: ReducedAxis,
    private readonly channels: number,
    private readonly depth: BitDepth,
  ) {
    const length = (columns.end - columns.start) * channels;
    this.#sums = new Float64Array(length);
    this.#row = new Float64Array(length);
    this.#input = coveredSpan(rows).start;
    this.#output = rows.start;
  }

  /**
   * Takes the next input row (its pixels `coveredSpan(columns)`), from the first one of
   * `coveredSpan(rows)` on; calls back with each output row that is complete with it.
   */
  add(input: Samples, onRow: (row: Samples) => void): void {
    this.addSums(input, (sums) => onRow(this.#rounded(sums)));
  }

  /** Divides a row's sums to give means. */
  get area(): number {
    return this.columns.from * this.rows.from;
  }

  /** As {@link AreaReducer.add}, before the division: sums that are valid during the call only. */
  addSums(input: Samples, onRow: (sums: Float64Array) => void): void {
    const { from, to, end } = this.rows;
    this.#reduceAcross(input);
    const top = this.#input * to;
    this.#input++;
    while (this.#output < end) {
      const overlap = overlapOf(top, top + to, this.#output * from, (this.#output + 1) * from);
      if (overlap > 0) this.#accumulate(overlap);
      if ((this.#output + 1) * from > top + to) return;
      onRow(this.#sums);
      this.#sums.fill(0);
      this.#output++;
    }
  }

  /** Sums the input row over each output pixel's columns. */
  #reduceAcross(input: Samples): void {
    const { from, to, start, end } = this.columns;
    const { channels } = this;
    const first = coveredSpan(this.columns).start;
    const row = this.#row.fill(0);
    for (let column = start; column < end; column++) {
      const [left, right] = [column * from, (column + 1) * from];
      const target = (column - start) * channels;
      for (let x = Math.floor(left / to); x * to < right; x++) {
        const weight = overlapOf(x * to, (x + 1) * to, left, right);
        const at = (x - first) * channels;
        for (let channel = 0; channel < channels; channel++) {
          row[target + channel] =
            (row[target + channel] ?? 0) + weight * (input[at + channel] ?? 0);
        }
      }
    }
  }

  #accumulate(weight: number): void {
    const sums = this.#sums;
    const row = this.#row;
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + weight * (row[i] ?? 0);
  }

  #rounded(sums: Float64Array): Samples {
    const { area } = this;
    const rounded = createSamples(this.depth, sums.length);
    for (let i = 0; i < rounded.length; i++) {
      rounded[i] = Math.floor(((sums[i] ?? 0) + area / 2) / area);
    }
    return rounded;
  }
}

function overlapOf(a: number, b: number, c: number, d: number): number {
  return Math.min(b, d) - Math.max(a, c);
}
