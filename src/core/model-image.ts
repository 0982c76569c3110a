import { AppError } from "./errors.js";
import { colourChannelsOf, maxSampleOf, requireRect, type Raster } from "./raster.js";
import type { Rect } from "./rect.js";
import { allAtOnce, type Steps } from "./steps.js";

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
  return allAtOnce(modelImageSteps(raster, rect, factor));
}

/** {@link readModelImage} row by row, as steps. */
export function* modelImageSteps(raster: Raster, rect: Rect, factor: number): Steps<ModelImage> {
  const side = modelSide(rect, factor);
  const data = new Float32Array(3 * side * side);
  const distinct = colourChannelsOf(raster.channels);
  for (let channel = 0; channel < distinct; channel++) {
    const plane = data.subarray(channel * side * side, (channel + 1) * side * side);
    yield* readPlane(raster, channel, rect, factor, plane);
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
  allAtOnce(readPlane(raster, channel, rect, factor, data.subarray(0, side * side)));
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

/** Box-reduces one channel of the region into `plane`, mapped to [-1, 1]; yields after each row. */
function* readPlane(
  raster: Raster,
  channel: number,
  rect: Rect,
  factor: number,
  plane: Float32Array,
): Steps<void> {
  const side = rect.width / factor;
  const scale = 2 / (maxSampleOf(raster.depth) * factor * factor);
  const columns = clampedBlocks(rect.x, side, factor, raster.width);
  const sums = new Float64Array(side);
  for (const [row, block] of clampedBlocks(rect.y, side, factor, raster.height).entries()) {
    // Sums of integers are exact, so a repeated row may as well be multiplied.
    sums.fill(0);
    for (let y = block.from; y < block.to; y++) addRow(raster, channel, y, 1, columns, sums);
    if (block.before > 0) addRow(raster, channel, 0, block.before, columns, sums);
    if (block.after > 0) addRow(raster, channel, raster.height - 1, block.after, columns, sums);
    for (let column = 0; column < side; column++) {
      plane[row * side + column] = (sums[column] ?? 0) * scale - 1;
    }
    yield;
  }
}

/** Adds the sums of a row's blocks, so many times. */
function addRow(
  { channels, data, width }: Raster,
  channel: number,
  y: number,
  times: number,
  columns: readonly ClampedBlock[],
  sums: Float64Array,
): void {
  const first = y * width * channels + channel;
  const left = data[first] ?? 0;
  const right = data[first + (width - 1) * channels] ?? 0;
  for (let column = 0; column < columns.length; column++) {
    const block = columns[column] ?? NO_BLOCK;
    let sum = block.before * left + block.after * right;
    const end = first + block.to * channels;
    for (let at = first + block.from * channels; at < end; at += channels) sum += data[at] ?? 0;
    sums[column] = (sums[column] ?? 0) + times * sum;
  }
}

/** The pixels of a block's row (or column): those that exist, and how many lie beyond either border. */
interface ClampedBlock {
  readonly from: number;
  readonly to: number;
  readonly before: number;
  readonly after: number;
}

const NO_BLOCK: ClampedBlock = { from: 0, to: 0, before: 0, after: 0 };

/** Blocks of `factor` from `start` on, in a picture that ends at `limit` and whose border is repeated beyond. */
function clampedBlocks(
  start: number,
  count: number,
  factor: number,
  limit: number,
): ClampedBlock[] {
  return Array.from({ length: count }, (_, index) => {
    const first = start + index * factor;
    const end = first + factor;
    const from = Math.max(0, Math.min(first, limit));
    const to = Math.max(from, Math.min(end, limit));
    return {
      from,
      to,
      before: Math.max(0, Math.min(end, 0) - first),
      after: Math.max(0, end - Math.max(first, limit)),
    };
  });
}

function repeatFirstPlane(data: Float32Array, area: number): void {
  data.copyWithin(area, 0, area);
  data.copyWithin(2 * area, 0, area);
}
