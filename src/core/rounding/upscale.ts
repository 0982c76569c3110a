import { AppError } from "../errors.js";
import { createSamples, maxSampleOf, type Raster, type Samples } from "../raster.js";
import { BoxSumRounder } from "./box-sum.js";

/**
 * Where the predicted samples of one row of blocks lie: the sample of output pixel (x, y) and channel
 * c is `data[offset + y * rowStride + x * pixelStride + c * channelStride]`, in the raster's units.
 * Serves interleaved and planar predictions alike.
 */
export interface PredictionView {
  readonly data: Float32Array | Float64Array;
  readonly offset: number;
  readonly rowStride: number;
  readonly pixelStride: number;
  readonly channelStride: number;
}

/** One row of source pixels and the `factor` output rows above it. */
export interface BlockRowRequest {
  readonly prediction: PredictionView;
  /** Interleaved source row: `width * channels` integers. */
  readonly source: Samples;
  /** First index of the row in `source`. */
  readonly sourceOffset: number;
  readonly width: number;
  readonly channels: number;
  readonly factor: number;
  readonly maxSample: number;
  /** Interleaved output: `factor` rows of `width * factor * channels` integers from `outputOffset` on. */
  readonly output: Samples;
  readonly outputOffset: number;
}

/** A rounder that is large enough for blocks of `factor` x `factor`. */
export function createUpscaleRounder(factor: number): BoxSumRounder {
  return new BoxSumRounder(factor * factor);
}

/**
 * Rounds one row of blocks so that every block's integers sum to factor * factor * its source sample.
 * @throws AppError ENGINE_OUTPUT_INVALID if a predicted sample is not finite
 */
export function roundBlockRow(request: BlockRowRequest, rounder: BoxSumRounder): void {
  const { source, sourceOffset, width, channels, factor, maxSample } = request;
  const count = factor * factor;
  for (let column = 0; column < width; column++) {
    for (let channel = 0; channel < channels; channel++) {
      gatherBlock(request, column * factor, channel, rounder.targets);
      const sample = source[sourceOffset + column * channels + channel] ?? 0;
      rounder.round(count, count * sample, 0, maxSample);
      scatterBlock(request, column * factor, channel, rounder.result);
    }
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
  const { width, height, channels, depth } = source;
  const rowLength = width * factor * channels;
  requireLength(prediction.length, rowLength * height * factor);
  const output = createSamples(depth, prediction.length);
  const rounder = createUpscaleRounder(factor);
  for (let row = 0; row < height; row++) {
    const offset = row * factor * rowLength;
    const view = {
      data: prediction,
      offset,
      rowStride: rowLength,
      pixelStride: channels,
      channelStride: 1,
    };
    const request: BlockRowRequest = {
      prediction: view,
      source: source.data,
      sourceOffset: row * width * channels,
      width,
      channels,
      factor,
      maxSample: maxSampleOf(depth),
      output,
      outputOffset: offset,
    };
    roundBlockRow(request, rounder);
  }
  return { width: width * factor, height: height * factor, channels, depth, data: output };
}

function gatherBlock(
  request: BlockRowRequest,
  left: number,
  channel: number,
  targets: Float64Array,
): void {
  const { factor } = request;
  const { data, offset, rowStride, pixelStride, channelStride } = request.prediction;
  let i = 0;
  let row = offset + left * pixelStride + channel * channelStride;
  for (let y = 0; y < factor; y++, row += rowStride) {
    // A missing prediction must not pass for black, hence NaN, which the rounder refuses.
    for (let x = 0; x < factor; x++) targets[i++] = data[row + x * pixelStride] ?? Number.NaN;
  }
}

function scatterBlock(
  request: BlockRowRequest,
  left: number,
  channel: number,
  values: Int32Array,
): void {
  const { factor, channels, output } = request;
  const rowLength = request.width * factor * channels;
  let i = 0;
  let row = request.outputOffset + left * channels + channel;
  for (let y = 0; y < factor; y++, row += rowLength) {
    for (let x = 0; x < factor; x++) output[row + x * channels] = values[i++] ?? 0;
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
