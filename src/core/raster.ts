import { AppError } from "./errors.js";
import {
  bottomOf,
  describeRect,
  intersectRects,
  isEmptyRect,
  isValidRect,
  rectOfSize,
  type Rect,
} from "./rect.js";

/*
 * [Note: indexed reads] The compiler types every `array[i]` as possibly undefined. The core's loops
 * compute indices that lie inside by construction (lengths are checked at the entrance), so reads are
 * written `array[i] ?? 0`: no cast, and the engine's compiler drops the check in hot loops.
 */

/** 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha. */
export type ChannelCount = 1 | 2 | 3 | 4;
/** Bits a sample: 8 (0..255) or 16 (0..65535). */
export type BitDepth = 8 | 16;
/** Integer samples: Uint8Array at depth 8, Uint16Array at depth 16. */
export type Samples = Uint8Array | Uint16Array;

/**
 * A picture as it lies in its file: integer samples, row-major, channels interleaved.
 * `data.length === width * height * channels`; the last channel is alpha where `channels` is 2 or 4.
 */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: ChannelCount;
  readonly depth: BitDepth;
  readonly data: Samples;
}

/** The largest sample value of a depth: 255 or 65535. */
export function maxSampleOf(depth: BitDepth): number {
  return depth === 8 ? 255 : 65535;
}

/** True if the last channel is alpha. */
export function hasAlphaChannel(channels: ChannelCount): boolean {
  return channels === 2 || channels === 4;
}

/** Channels that carry colour: 1 for grey, 3 for RGB; alpha is not counted. */
export function colourChannelsOf(channels: ChannelCount): 1 | 3 {
  return channels < 3 ? 1 : 3;
}

/** Zeroed samples of the right kind. */
export function createSamples(depth: BitDepth, length: number): Samples {
  return depth === 8 ? new Uint8Array(length) : new Uint16Array(length);
}

/**
 * A raster from its parts; zeroed (black, transparent) when `data` is left out.
 * @throws AppError REQUEST_INVALID as {@link validateRaster}
 */
export function createRaster(
  width: number,
  height: number,
  channels: ChannelCount,
  depth: BitDepth,
  data?: Samples,
): Raster {
  const raster = {
    width,
    height,
    channels,
    depth,
    data: data ?? createSamples(depth, width * height * channels),
  };
  validateRaster(raster);
  return raster;
}

/**
 * Checks that sizes are positive integers, that the data has the length they ask for, and that the
 * array's kind fits the depth.
 * @throws AppError REQUEST_INVALID saying which does not hold
 */
export function validateRaster(raster: Raster): void {
  const { width, height, channels, depth, data } = raster;
  requireSize(width, height);
  const expectedLength = width * height * channels;
  if (data.length !== expectedLength) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected ${expectedLength} samples for a ${width} x ${height} picture with ${channels} channels but got ${data.length}; pass the whole picture, row by row.`,
      { expectedLength, length: data.length },
    );
  }
  if ((depth === 8) !== data instanceof Uint8Array) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected samples of ${depth} bits but got ${data.constructor.name}; convert them first.`,
      { depth },
    );
  }
}

function requireSize(width: number, height: number): void {
  if (Number.isSafeInteger(width) && Number.isSafeInteger(height) && width >= 1 && height >= 1)
    return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a picture of at least 1 x 1 whole pixels but got ${width} x ${height}.`,
    { width, height },
  );
}

/**
 * The part of a picture under `rect`. Where `rect` hangs over the border the nearest edge pixel is
 * repeated, so the result always has the size of `rect`.
 * @throws AppError REQUEST_INVALID if `rect` is empty or not integer
 */
export function cropRaster(raster: Raster, rect: Rect): Raster {
  requireRect(rect);
  const { channels, depth, data } = raster;
  const samples = createSamples(depth, rect.width * rect.height * channels);
  // Columns of the crop before, inside and after the picture.
  const before = Math.min(rect.width, Math.max(0, -rect.x));
  const inside = Math.max(0, Math.min(rect.width, raster.width - rect.x) - before);
  for (let row = 0; row < rect.height; row++) {
    const source = clampIndex(rect.y + row, raster.height) * raster.width * channels;
    const line = data.subarray(source, source + raster.width * channels);
    const target = samples.subarray(row * rect.width * channels, (row + 1) * rect.width * channels);
    const first = (rect.x + before) * channels;
    if (inside > 0) target.set(line.subarray(first, first + inside * channels), before * channels);
    repeatPixel(target, 0, before, line, 0, channels);
    repeatPixel(target, before + inside, rect.width, line, raster.width - 1, channels);
  }
  return { width: rect.width, height: rect.height, channels, depth, data: samples };
}

/** Writes one pixel of `line` to the pixels `from` to `to` (exclusive) of `target`. */
function repeatPixel(
  target: Samples,
  from: number,
  to: number,
  line: Samples,
  pixel: number,
  channels: number,
): void {
  const value = line.subarray(pixel * channels, (pixel + 1) * channels);
  for (let column = from; column < to; column++) target.set(value, column * channels);
}

/**
 * A copy of `raster` with `patch` written at (x, y); parts of the patch beyond the border are dropped.
 * @throws AppError REQUEST_INVALID if channels or depth differ
 */
export function pasteRaster(raster: Raster, patch: Raster, x: number, y: number): Raster {
  requireSameKind(raster, patch);
  const data = raster.data.slice();
  const { channels } = raster;
  const patchRect = { x, y, width: patch.width, height: patch.height };
  const inside = intersectRects(patchRect, rectOfSize(raster.width, raster.height));
  if (isEmptyRect(inside)) return { ...raster, data };
  for (let row = inside.y; row < bottomOf(inside); row++) {
    const from = ((row - y) * patch.width + inside.x - x) * channels;
    const to = (row * raster.width + inside.x) * channels;
    data.set(patch.data.subarray(from, from + inside.width * channels), to);
  }
  return { ...raster, data };
}

/** One channel of a picture as its own plane, `width * height` samples. */
export function extractChannel(raster: Raster, channel: number): Samples {
  const { channels, data } = raster;
  const plane = createSamples(raster.depth, raster.width * raster.height);
  for (let pixel = 0; pixel < plane.length; pixel++) {
    plane[pixel] = data[pixel * channels + channel] ?? 0;
  }
  return plane;
}

/** True if size, channels, depth and every sample are the same. */
export function rastersEqual(a: Raster, b: Raster): boolean {
  return (
    a.width === b.width &&
    a.height === b.height &&
    a.channels === b.channels &&
    a.depth === b.depth &&
    a.data.every((sample, index) => sample === b.data[index])
  );
}

/** @throws AppError REQUEST_INVALID if two pictures that must go together differ in channels or depth */
export function requireSameKind(a: Raster, b: Raster): void {
  if (a.channels === b.channels && a.depth === b.depth) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected two pictures of one kind but got ${a.channels} channels of ${a.depth} bits and ${b.channels} of ${b.depth}; convert one of them.`,
  );
}

/** @throws AppError REQUEST_INVALID unless the rectangle is integer and holds a pixel */
export function requireRect(rect: Rect): void {
  if (isValidRect(rect) && !isEmptyRect(rect)) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a rectangle of whole pixels that is not empty but got ${describeRect(rect)}.`,
    { ...rect },
  );
}

function clampIndex(index: number, length: number): number {
  return Math.max(0, Math.min(index, length - 1));
}
