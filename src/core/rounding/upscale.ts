import { AppError } from "../errors.js";
import type { Raster, Samples } from "../raster.js";
import type { BoxSumRounder } from "./box-sum.js";

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
export function createUpscaleRounder(_factor: number): BoxSumRounder {
  throw new AppError("INTERNAL", "not written yet");
}

/** Rounds one row of blocks so that every block's integers sum to factor * factor * its source sample. */
export function roundBlockRow(_request: BlockRowRequest, _rounder: BoxSumRounder): void {
  throw new AppError("INTERNAL", "not written yet");
}

/**
 * A whole prediction at once: interleaved floats, `(width * factor) * (height * factor) * channels`,
 * in the source's units. Averaging each block of the result gives the source back exactly.
 * @throws AppError REQUEST_INVALID on a wrong length, ENGINE_OUTPUT_INVALID if a value is not finite
 */
export function roundUpscaled(
  _prediction: Float32Array | Float64Array,
  _source: Raster,
  _factor: number,
): Raster {
  throw new AppError("INTERNAL", "not written yet");
}
