import { createSamples, maxSampleOf, type Raster, type Samples } from "../../core/raster.js";
import type { Rect } from "../../core/rect.js";
import type { BoxSumRounder } from "../../core/rounding/box-sum.js";
import { createUpscaleRounder, roundBlocks } from "../../core/rounding/upscale.js";
import type { PredictionView } from "../../core/rounding/views.js";
import type { ChannelRange } from "./flat-pixels.js";

/** Output pixels that are rounded or handed on before a cancel is looked for. */
export const PIXELS_A_STEP = 400_000;

/** Finished output rows above a few input rows, rounded rectangle by rectangle. */
export class Strip {
  readonly #rounder: BoxSumRounder;
  #data: Samples;
  #rect: Rect = { x: 0, y: 0, width: 0, height: 0 };

  constructor(
    private readonly raster: Raster,
    private readonly factor: number,
  ) {
    this.#rounder = createUpscaleRounder(factor);
    this.#data = createSamples(raster.depth, 0);
  }

  /** Begins anew with other input pixels. */
  begin(rect: Rect): void {
    this.#rect = rect;
    const length = rect.width * rect.height * this.raster.channels * this.factor ** 2;
    if (this.#data.length < length) this.#data = createSamples(this.raster.depth, length);
  }

  /**
   * Rounds the blocks above the input pixels `inner`, which lie in the strip.
   * @param prediction in model units, so that a step from black to white is 2
   */
  round(
    inner: Rect,
    { first, count }: ChannelRange,
    prediction: Omit<PredictionView, "scale">,
    isRepeated?: Uint8Array,
  ): void {
    const { raster, factor } = this;
    const { width, channels, data, depth } = raster;
    const rowStride = this.#rect.width * factor * channels;
    const [left, top] = [inner.x - this.#rect.x, inner.y - this.#rect.y];
    roundBlocks(
      {
        prediction: { ...prediction, scale: maxSampleOf(depth) / 2 },
        source: {
          data,
          offset: (inner.y * width + inner.x) * channels + first,
          rowStride: width * channels,
          pixelStride: channels,
        },
        output: {
          data: this.#data,
          offset: top * factor * rowStride + left * factor * channels + first,
          rowStride,
          pixelStride: channels,
        },
        width: inner.width,
        height: inner.height,
        channels: count,
        factor,
        maxSample: maxSampleOf(depth),
        isRepeated,
      },
      this.#rounder,
    );
  }

  /** All rows, interleaved. */
  get samples(): Samples {
    const { width, height } = this.#rect;
    return this.#data.subarray(0, width * height * this.raster.channels * this.factor ** 2);
  }

  /** Output rows. */
  get count(): number {
    return this.#rect.height * this.factor;
  }
}
