import { AppError } from "./errors.js";
import type { Rect } from "./rect.js";

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
  const raster = { width, height, channels, depth, data: data ?? createSamples(depth, width * height * channels) };
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
    throw new AppError("REQUEST_INVALID", `Expected samples of ${depth} bits but got ${data.constructor.name}; convert them first.`, { depth });
  }
}

function requireSize(width: number, height: number): void {
  if (Number.isSafeInteger(width) && Number.isSafeInteger(height) && width >= 1 && height >= 1) return;
  throw new AppError("REQUEST_INVALID", `Expected a picture of at least 1 x 1 whole pixels but got ${width} x ${height}.`, { width, height });
}

/**
 * The part of a picture under `rect`. Where `rect` hangs over the border the nearest edge pixel is
 * repeated, so the result always has the size of `rect`.
 * @throws AppError REQUEST_INVALID if `rect` is empty or not integer
 */
export function cropRaster(_raster: Raster, _rect: Rect): Raster {
  throw new AppError("INTERNAL", "not written yet");
}

/**
 * A copy of `raster` with `patch` written at (x, y); parts of the patch beyond the border are dropped.
 * @throws AppError REQUEST_INVALID if channels or depth differ
 */
export function pasteRaster(_raster: Raster, _patch: Raster, _x: number, _y: number): Raster {
  throw new AppError("INTERNAL", "not written yet");
}

/** One channel of a picture as its own plane, `width * height` samples. */
export function extractChannel(_raster: Raster, _channel: number): Samples {
  throw new AppError("INTERNAL", "not written yet");
}

/** True if size, channels, depth and every sample are the same. */
export function rastersEqual(_a: Raster, _b: Raster): boolean {
  throw new AppError("INTERNAL", "not written yet");
}
