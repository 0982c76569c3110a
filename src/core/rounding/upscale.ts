import { AppError } from "../errors.js";
import { createSamples, maxSampleOf, type Raster } from "../raster.js";
import { BoxSumRounder } from "./box-sum.js";
import { hasQuickWay, roundRowQuickly, type BlockRow } from "./quick-blocks.js";
import type { PredictionView, SampleView } from "./views.js";

/** A rectangle of source pixels, and where its blocks of `factor` x `factor` output pixels go. */
export interface BlocksRequest {
  readonly prediction: PredictionView;
  readonly source: SampleView;
  readonly output: SampleView;
  /** Source pixels. */
  readonly width: number;
  readonly height: number;
  /** Channels to round, from the first one of the views on. */
  readonly channels: number;
  readonly factor: number;
  readonly maxSample: number;
  /** `width * height` values: pixels that are not 0 here are repeated, whatever was predicted. */
  readonly isRepeated?: Uint8Array | undefined;
}

/** A rounder that is large enough for blocks of `factor` x `factor`. */
export function createUpscaleRounder(factor: number): BoxSumRounder {
  return new BoxSumRounder(factor * factor);
}

/**
 * Rounds blocks so that each block's integers sum to factor * factor * its source sample and are the
 * closest such integers to the prediction (see [Note: box and sum]).
 * @throws AppError ENGINE_OUTPUT_INVALID if a predicted sample is not finite
 */
export function roundBlocks(request: BlocksRequest, rounder: BoxSumRounder): void {
  const { height, channels, factor, isRepeated } = request;
  for (let y = 0; y < height; y++) {
    if (isRepeated !== undefined) repeatMarked(request, y);
    for (let channel = 0; channel < channels; channel++) {
      if (hasQuickWay(factor)) {
        roundRowQuickly(rowOf(request, y, channel), (x) => {
          roundAny(request, x, y, channel, rounder);
        });
      } else {
        roundRowSlowly(request, y, channel, rounder);
      }
    }
  }
}

function rowOf(request: BlocksRequest, y: number, channel: number): BlockRow {
  const { prediction, source, output, width, factor, maxSample, isRepeated } = request;
  return {
    prediction,
    from:
      prediction.offset + factor * y * prediction.rowStride + channel * prediction.channelStride,
    source,
    at: source.offset + y * source.rowStride + channel,
    output,
    to: output.offset + factor * y * output.rowStride + channel,
    count: width,
    factor,
    maxSample,
    isRepeated,
    firstFlag: y * width,
  };
}

function roundRowSlowly(
  request: BlocksRequest,
  y: number,
  channel: number,
  rounder: BoxSumRounder,
): void {
  const { width, isRepeated } = request;
  for (let x = 0; x < width; x++) {
    const isFlat = isRepeated !== undefined && isRepeated[y * width + x] !== 0;
    if (!isFlat) roundAny(request, x, y, channel, rounder);
  }
}

/**
 * A whole prediction at once: interleaved floats, `(width * factor) * (height * factor) * channels`,
 * in the source's units. Averaging each block of the result gives the source back exactly.
 * @throws AppError REQUEST_INVALID on a wrong length, ENGINE_OUTPUT_INVALID if a value is not finite
 */
export function roundUpscaled(
  prediction: Float32Array | Float64Array,
  source: Raster,
  factor: number,
): Raster {
  requireFactor(factor);
  const { width, height, channels, depth, data } = source;
  const rowStride = width * factor * channels;
  requireLength(prediction.length, rowStride * height * factor);
  const output = createSamples(depth, prediction.length);
  const interleaved = { offset: 0, rowStride, pixelStride: channels };
  roundBlocks(
    {
      prediction: { data: prediction, ...interleaved, channelStride: 1, scale: 1 },
      source: { data, offset: 0, rowStride: width * channels, pixelStride: channels },
      output: { data: output, ...interleaved },
      ...{ width, height, channels, factor, maxSample: maxSampleOf(depth) },
    },
    createUpscaleRounder(factor),
  );
  return { width: width * factor, height: height * factor, channels, depth, data: output };
}

function roundAny(
  { prediction, source, output, factor, maxSample }: BlocksRequest,
  x: number,
  y: number,
  channel: number,
  rounder: BoxSumRounder,
): void {
  const { data, rowStride, pixelStride, channelStride, scale } = prediction;
  const { targets, result } = rounder;
  const count = factor * factor;
  const at = source.offset + y * source.rowStride + x * source.pixelStride + channel;
  const sample = source.data[at] ?? 0;
  let from =
    prediction.offset + factor * (y * rowStride + x * pixelStride) + channel * channelStride;
  for (let i = 0; i < count; from += rowStride) {
    for (let column = 0; column < factor; column++) {
      // A missing prediction must not pass for black, hence NaN, which is refused.
      targets[i++] = (data[from + column * pixelStride] ?? Number.NaN) * scale;
    }
  }
  rounder.round(count, count * sample, 0, maxSample);
  let to = output.offset + factor * (y * output.rowStride + x * output.pixelStride) + channel;
  for (let i = 0; i < count; to += output.rowStride) {
    for (let column = 0; column < factor; column++) {
      output.data[to + column * output.pixelStride] = result[i++] ?? 0;
    }
  }
}

/** Repeats the pixels of a row that are marked for it, all channels. */
function repeatMarked(request: BlocksRequest, y: number): void {
  const { source, output, width, channels, factor, isRepeated } = request;
  for (let x = 0; x < width; x++) {
    if (isRepeated?.[y * width + x] === 0) continue;
    const at = source.offset + y * source.rowStride + x * source.pixelStride;
    const first = output.offset + factor * (y * output.rowStride + x * output.pixelStride);
    for (let row = 0; row < factor; row++) {
      for (let column = 0; column < factor; column++) {
        const to = first + row * output.rowStride + column * output.pixelStride;
        for (let channel = 0; channel < channels; channel++) {
          output.data[to + channel] = source.data[at + channel] ?? 0;
        }
      }
    }
  }
}

function requireFactor(factor: number): void {
  if (Number.isSafeInteger(factor) && factor >= 1) return;
  throw new AppError("REQUEST_INVALID", `Expected a whole enlargement factor but got ${factor}.`);
}

function requireLength(length: number, expected: number): void {
  if (length === expected) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected ${expected} predicted samples for the enlarged picture but got ${length}.`,
    { length, expected },
  );
}
