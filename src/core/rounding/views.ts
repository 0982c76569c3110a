import type { Samples } from "../raster.js";

/**
 * Where the prediction of a rectangle of blocks lies: that of output pixel (x, y) and channel c is
 * `data[offset + y * rowStride + x * pixelStride + c * channelStride] * scale` in the raster's units.
 * Serves interleaved and planar predictions alike. Only differences within a block count, since its
 * sum is known: details alone do as well as whole samples, and no offset is needed.
 */
export interface PredictionView {
  readonly data: Float32Array | Float64Array;
  readonly offset: number;
  readonly rowStride: number;
  readonly pixelStride: number;
  readonly channelStride: number;
  readonly scale: number;
}

/** Interleaved samples of a rectangle that lies in a larger picture. */
export interface SampleView<Data extends Samples = Samples> {
  readonly data: Data;
  /** Index of the first channel to use of the top left pixel. */
  readonly offset: number;
  /** Samples from one row to the next. */
  readonly rowStride: number;
  /** Samples from one pixel to the next: all channels of the picture. */
  readonly pixelStride: number;
}
