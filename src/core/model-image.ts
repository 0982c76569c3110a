import { AppError } from "./errors.js";
import { colourChannelsOf, maxSampleOf, requireRect, type Raster } from "./raster.js";
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
export function readModelImage(raster: Raster, rect: Rect, factor: number): ModelImage {
  const side = modelSide(rect, factor);
  const data = new Float32Array(3 * side * side);
  const distinct = colourChannelsOf(raster.channels);
  for (let channel = 0; channel < distinct; channel++) {
    readPlane(
      raster,
      channel,
      rect,
      factor,
      data.subarray(channel * side * side, (channel + 1) * side * side),
    );
  }
  if (distinct === 1) repeatFirstPlane(data, side * side);
  return { side, data };
}

/** {@link readModelImage} for one channel (alpha, say) repeated over the three planes. */
export function readModelChannel(
  raster: Raster,
  channel: number,
  rect: Rect,
  factor: number,
): ModelImage {
  const side = modelSide(rect, factor);
  const data = new Float32Array(3 * side * side);
  readPlane(raster, channel, rect, factor, data.subarray(0, side * side));
  repeatFirstPlane(data, side * side);
  return { side, data };
}

/**
 * The model's picture in a raster's own units and colour channels: interleaved, `side * side *
 * colourChannels` floats, nominally in [0, max] but not clipped; three planes are averaged to grey
 * where the raster is grey.
 */
export function modelImageToSamples(
  image: ModelImage,
  colourChannels: 1 | 3,
  maxSample: number,
): Float32Array {
  const { data } = image;
  const area = image.side * image.side;
  const half = maxSample / 2;
  const samples = new Float32Array(area * colourChannels);
  for (let pixel = 0; pixel < area; pixel++) {
    const red = data[pixel] ?? 0;
    const green = data[area + pixel] ?? 0;
    const blue = data[2 * area + pixel] ?? 0;
    if (colourChannels === 1) {
      samples[pixel] = ((red + green + blue) / 3 + 1) * half;
    } else {
      samples[3 * pixel] = (red + 1) * half;
      samples[3 * pixel + 1] = (green + 1) * half;
      samples[3 * pixel + 2] = (blue + 1) * half;
    }
  }
  return samples;
}

function modelSide(rect: Rect, factor: number): number {
  requireRect(rect);
  const isFactor = Number.isSafeInteger(factor) && factor >= 1;
  if (rect.width === rect.height && isFactor && rect.width % factor === 0)
    return rect.width / factor;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a square region whose side is a multiple of ${factor} but got ${rect.width} x ${rect.height}.`,
    { width: rect.width, height: rect.height, factor },
  );
}

/** Box-reduces one channel of the region into `plane`, mapped to [-1, 1]. */
function readPlane(
  raster: Raster,
  channel: number,
  rect: Rect,
  factor: number,
  plane: Float32Array,
): void {
  const { channels, data } = raster;
  const side = rect.width / factor;
  const scale = 2 / (maxSampleOf(raster.depth) * factor * factor);
  const columns = clampedIndices(rect.x, rect.width, raster.width);
  const rows = clampedIndices(rect.y, rect.height, raster.height);
  const sums = new Float64Array(side);
  for (let row = 0; row < side; row++) {
    sums.fill(0);
    for (let y = 0; y < factor; y++) {
      const sourceRow = (rows[row * factor + y] ?? 0) * raster.width;
      for (let x = 0; x < rect.width; x++) {
        const sample = data[(sourceRow + (columns[x] ?? 0)) * channels + channel] ?? 0;
        const column = Math.floor(x / factor);
        sums[column] = (sums[column] ?? 0) + sample;
      }
    }
    for (let column = 0; column < side; column++) {
      plane[row * side + column] = (sums[column] ?? 0) * scale - 1;
    }
  }
}

/** Picture coordinates of a region's columns (or rows), the border's repeated beyond it. */
function clampedIndices(start: number, length: number, limit: number): Int32Array {
  return Int32Array.from({ length }, (_, index) => Math.max(0, Math.min(start + index, limit - 1)));
}

function repeatFirstPlane(data: Float32Array, area: number): void {
  data.copyWithin(area, 0, area);
  data.copyWithin(2 * area, 0, area);
}
