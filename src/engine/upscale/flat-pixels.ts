import { maxSampleOf, type Raster } from "../../core/raster.js";
import { bottomOf, rightOf, type Rect } from "../../core/rect.js";

/** Some neighbouring channels of a picture. */
export interface ChannelRange {
  readonly first: number;
  readonly count: number;
}

/**
 * Marks the pixels of `rect` whose enlargement is known without a network: those of the very colour
 * of their neighbours, where it would only leave traces of noise, and those whose channels are all 0
 * or all at the largest value, where the sum leaves no choice. A rule about single pixels on purpose:
 * whatever tiles a picture is cut into, the same ones are marked.
 */
export function flatPixels(raster: Raster, rect: Rect, channels: ChannelRange): Uint8Array {
  const flat = new Uint8Array(rect.width * rect.height);
  let at = 0;
  for (let y = rect.y; y < bottomOf(rect); y++) {
    for (let x = rect.x; x < rightOf(rect); x++) {
      flat[at++] =
        isForced(raster, x, y, channels) || isLikeNeighbours(raster, x, y, channels) ? 1 : 0;
    }
  }
  return flat;
}

function isForced(raster: Raster, x: number, y: number, { first, count }: ChannelRange): boolean {
  const max = maxSampleOf(raster.depth);
  const at = (y * raster.width + x) * raster.channels + first;
  for (let channel = at; channel < at + count; channel++) {
    const sample = raster.data[channel];
    if (sample !== 0 && sample !== max) return false;
  }
  return true;
}

function isLikeNeighbours(
  { width, height, channels, data }: Raster,
  x: number,
  y: number,
  { first, count }: ChannelRange,
): boolean {
  const own = (y * width + x) * channels + first;
  const [left, right] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
  const [top, bottom] = [Math.max(0, y - 1), Math.min(height - 1, y + 1)];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const other = (row * width + column) * channels + first;
      for (let channel = 0; channel < count; channel++) {
        if (data[other + channel] !== data[own + channel]) return false;
      }
    }
  }
  return true;
}
