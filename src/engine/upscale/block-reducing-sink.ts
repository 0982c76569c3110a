import { createSamples, maxSampleOf, type Raster, type Samples } from "../../core/raster.js";
import { AreaReducer, type ReducedAxis } from "../../core/rounding/area-reducer.js";
import type { BoxSumRounder } from "../../core/rounding/box-sum.js";
import { createUpscaleRounder, roundBlocks } from "../../core/rounding/upscale.js";
import type { RowSink } from "./row-sink.js";

/**
 * Reduces what it gets by exact areas to a whole multiple of the source picture. Each source pixel
 * then has a block of its own again, which is rounded so that it averages to the pixel exactly.
 */
export class BlockReducingSink implements RowSink {
  readonly #reducer: AreaReducer;
  readonly #rounder: BoxSumRounder;
  /** Samples of a row of the result. */
  readonly #length: number;
  /** Sums of the output rows of one source row, and that row once it is rounded. */
  readonly #sums: Float64Array;
  readonly #block: Samples;
  #filled = 0;
  #sourceRow: number;

  /** @param columns and `rows` begin and end with a block */
  constructor(
    private readonly columns: ReducedAxis,
    rows: ReducedAxis,
    private readonly source: Raster,
    private readonly blockSide: number,
    private readonly next: RowSink,
  ) {
    const { channels, depth } = source;
    this.#reducer = new AreaReducer(columns, rows, channels, depth);
    this.#rounder = createUpscaleRounder(blockSide);
    this.#length = (columns.end - columns.start) * channels;
    this.#sums = new Float64Array(this.#length * blockSide);
    this.#block = createSamples(depth, this.#sums.length);
    this.#sourceRow = rows.start / blockSide;
  }

  async write(rows: Samples, count: number): Promise<void> {
    const length = rows.length / count;
    for (let row = 0; row < count; row++) {
      const input = rows.subarray(row * length, (row + 1) * length);
      this.#reducer.addSums(input, (sums) => {
        this.#sums.set(sums, this.#filled * this.#length);
        this.#filled++;
      });
      // An input row is no longer than an output row, so that it finishes one at most.
      if (this.#filled === this.blockSide) await this.#finish();
    }
  }

  async #finish(): Promise<void> {
    const { source, columns, blockSide } = this;
    const { width, channels, depth, data } = source;
    const interleaved = { offset: 0, rowStride: this.#length, pixelStride: channels };
    const left = columns.start / blockSide;
    roundBlocks(
      {
        prediction: {
          ...{ data: this.#sums, ...interleaved, channelStride: 1 },
          scale: 1 / this.#reducer.area,
        },
        source: {
          ...{ data, rowStride: width * channels, pixelStride: channels },
          offset: (this.#sourceRow * width + left) * channels,
        },
        output: { data: this.#block, ...interleaved },
        ...{ width: this.#length / channels / blockSide, height: 1, channels, factor: blockSide },
        maxSample: maxSampleOf(depth),
      },
      this.#rounder,
    );
    await this.next.write(this.#block, blockSide);
    this.#filled = 0;
    this.#sourceRow++;
  }
}
