import { AppError } from "./errors.js";
import { maskAlphaIn, type Mask } from "./mask/mask.js";
import { requireSameKind, type Raster } from "./raster.js";
import { bottomOf, intersectRects, rectOfSize, rightOf, type Rect } from "./rect.js";

/** A block whose sum is not what was promised. */
export interface BlockMismatch {
  /** Column and row of the block. */
  readonly x: number;
  readonly y: number;
  readonly channel: number;
  readonly expected: number;
  readonly got: number;
}

/**
 * Checks the promise of an upscale: each `factor` x `factor` block of `big` sums to factor * factor
 * times the pixel of `small`, alpha included. Returns the first block that does not, or null.
 * @throws AppError REQUEST_INVALID if sizes, channels or depth do not correspond
 */
export function findBlockMismatch(
  big: Raster,
  small: Raster,
  factor: number,
): BlockMismatch | null {
  requireSameKind(big, small);
  requireSize(big, small.width * factor, small.height * factor);
  const { width, height, channels, data } = small;
  for (let y = 0; y < height; y++) {
    const sums = sumBlockRow(big, y * factor, factor);
    const row = y * width * channels;
    for (let i = 0; i < width * channels; i++) {
      const expected = factor * factor * (data[row + i] ?? 0);
      const got = sums[i] ?? 0;
      const channel = i % channels;
      if (got !== expected) return { x: (i - channel) / channels, y, channel, expected, got };
    }
  }
  return null;
}

/** Sums of all blocks of `factor` rows from `top` on, channels interleaved. */
function sumBlockRow({ width, channels, data }: Raster, top: number, factor: number): Float64Array {
  const sums = new Float64Array((width / factor) * channels);
  for (let y = top; y < top + factor; y++) {
    let at = y * width * channels;
    for (let block = 0; block < sums.length; block += channels) {
      for (let x = 0; x < factor; x++) {
        for (let channel = 0; channel < channels; channel++) {
          sums[block + channel] = (sums[block + channel] ?? 0) + (data[at++] ?? 0);
        }
      }
    }
  }
  return sums;
}

/**
 * Checks that the frozen blocks of a region kept their sums, over the pixels that exist; the first
 * that did not (column and row counted from the region's corner), or null.
 * @throws AppError REQUEST_INVALID if the pictures do not correspond
 */
export function findFrozenMismatch(
  edited: Raster,
  original: Raster,
  region: Rect,
  blockSide: number,
): BlockMismatch | null {
  requireSameKind(edited, original);
  requireSize(edited, original.width, original.height);
  const picture = rectOfSize(original.width, original.height);
  for (let y = 0; y * blockSide < region.height; y++) {
    for (let x = 0; x * blockSide < region.width; x++) {
      const whole = {
        x: region.x + x * blockSide,
        y: region.y + y * blockSide,
        width: blockSide,
        height: blockSide,
      };
      const block = intersectRects(intersectRects(whole, region), picture);
      for (let channel = 0; channel < original.channels; channel++) {
        const expected = sumBlock(original, block, channel);
        const got = sumBlock(edited, block, channel);
        if (got !== expected) return { x, y, channel, expected, got };
      }
    }
  }
  return null;
}

/**
 * The first pixel outside the mask (value 0) that is not bit-identical, or null.
 * @throws AppError REQUEST_INVALID if the pictures do not correspond
 */
export function findOutsideChange(
  edited: Raster,
  original: Raster,
  mask: Mask,
): { readonly x: number; readonly y: number } | null {
  requireSameKind(edited, original);
  requireSize(edited, original.width, original.height);
  const { width, height, channels } = original;
  for (let y = 0; y < height; y++) {
    const alpha = maskAlphaIn(mask, { x: 0, y, width, height: 1 });
    for (let x = 0; x < width; x++) {
      if ((alpha[x] ?? 0) > 0) continue;
      const first = (y * width + x) * channels;
      for (let at = first; at < first + channels; at++) {
        if (edited.data[at] !== original.data[at]) return { x, y };
      }
    }
  }
  return null;
}

function sumBlock(raster: Raster, block: Rect, channel: number): number {
  const { width, channels, data } = raster;
  let sum = 0;
  for (let y = block.y; y < bottomOf(block); y++) {
    for (let x = block.x; x < rightOf(block); x++) {
      sum += data[(y * width + x) * channels + channel] ?? 0;
    }
  }
  return sum;
}

function requireSize(raster: Raster, width: number, height: number): void {
  if (raster.width === width && raster.height === height) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a picture of ${width} x ${height} but got ${raster.width} x ${raster.height}.`,
    { width, height },
  );
}
