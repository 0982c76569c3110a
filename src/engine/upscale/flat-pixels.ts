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
  const last = { x: raster.width - 1, y: raster.height - 1 };
  let at = 0;
  for (let y = rect.y; y < bottomOf(rect); y++) {
    const [top, bottom] = [Math.max(0, y - 1), Math.min(last.y, y + 1)];
    for (let x = rect.x; x < rightOf(rect); x++, at++) {
      const own = (y * raster.width + x) * raster.channels + channels.first;
      if (isForced(raster, own, channels.count)) {
        flat[at] = 1;
        continue;
      }
      const left = x === 0 ? own : own - raster.channels;
      const right = x === last.x ? own : own + raster.channels;
      // Nearly every pixel differs from one beside it, and then there is no more to look at.
      if (!isSame(raster, own, left, channels.count)) continue;
      if (!isSame(raster, own, right, channels.count)) continue;
      let isLikeAll = true;
      for (let row = top; row <= bottom && isLikeAll; row++) {
        const there = (row - y) * raster.width * raster.channels;
        isLikeAll =
          isSame(raster, own, left + there, channels.count) &&
          isSame(raster, own, own + there, channels.count) &&
          isSame(raster, own, right + there, channels.count);
      }
      if (isLikeAll) flat[at] = 1;
    }
  }
  return flat;
}

/** All samples from index `at` on are 0 or the largest value. */
function isForced({ data, depth }: Raster, at: number, count: number): boolean {
  const max = maxSampleOf(depth);
  for (let channel = 0; channel < count; channel++) {
    const sample = data[at + channel];
    if (sample !== 0 && sample !== max) return false;
  }
  return true;
}

function isSame({ data }: Raster, one: number, other: number, count: number): boolean {
  for (let channel = 0; channel < count; channel++) {
    if (data[one + channel] !== data[other + channel]) return false;
  }
  return true;
}
