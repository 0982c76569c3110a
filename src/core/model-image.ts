import { AppError } from "./errors.js";
import type { Raster } from "./raster.js";
import type { Rect } from "./rect.js";

/**
 * What the model sees: RGB planes (channel-first), values in [-1, 1],
 * `data.length === 3 * side * side`.
 */
export interface ModelImage {
  readonly side: number;
  readonly data: Float32Array;
}

/**
 * The square region `rect` of a picture as the model sees it: edge pixels repeated where the region
 * hangs over the border, box-reduced by `factor`, grey repeated over three planes, alpha dropped,
 * samples mapped from [0, max] to [-1, 1].
 * @throws AppError REQUEST_INVALID if `rect` is not square or its side is no multiple of `factor`
 */
export function readModelImage(_raster: Raster, _rect: Rect, _factor: number): ModelImage {
  throw new AppError("INTERNAL", "not written yet");
}

/** {@link readModelImage} for one channel (alpha, say) repeated over the three planes. */
export function readModelChannel(_raster: Raster, _channel: number, _rect: Rect, _factor: number): ModelImage {
  throw new AppError("INTERNAL", "not written yet");
}

/**
 * The model's picture in a raster's own units and colour channels: interleaved, `side * side *
 * colourChannels` floats, nominally in [0, max] but not clipped; three planes are averaged to grey
 * where the raster is grey.
 */
export function modelImageToSamples(_image: ModelImage, _colourChannels: 1 | 3, _maxSample: number): Float32Array {
  throw new AppError("INTERNAL", "not written yet");
}
