import type { Raster } from "../../../src/core/raster.js";

/** A resampling kernel: its weight at a distance in source pixels, 0 from `support` on. */
export interface Kernel {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

/** Cubic convolution with a = -1/2 (Keys 1981), which most programs call bicubic. */
export const bicubic: Kernel = {
  support: 2,
  weight(distance) {
    const x = Math.abs(distance);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  },
};

/** The sinc windowed by its own middle lobe, three lobes wide. */
export const lanczos3: Kernel = {
  support: 3,
  weight: (distance) => (Math.abs(distance) < 3 ? sinc(distance) * sinc(distance / 3) : 0),
};

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/**
 * Enlarges by a whole factor, first across, then down. Centre-aligned: the middle of the result is
 * the middle of the picture. At the edges the weights of the pixels that exist are scaled to 1.
 * @returns interleaved samples in the raster's units, neither rounded nor clipped
 */
export function resample(raster: Raster, factor: number, kernel: Kernel): Float32Array {
  const { width, height, channels, data } = raster;
  const columns = tapsOf(width, factor, kernel);
  const rows = tapsOf(height, factor, kernel);
  const rowLength = columns.length * channels;
  const across = new Float64Array(height * rowLength);
  for (let y = 0; y < height; y++) {
    columns.forEach(({ first, weights }, x) => {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        weights.forEach((weight, i) => {
          sum += weight * data[(y * width + first + i) * channels + channel]!;
        });
        across[y * rowLength + x * channels + channel] = sum;
      }
    });
  }
  const result = new Float32Array(rows.length * rowLength);
  rows.forEach(({ first, weights }, y) => {
    for (let at = 0; at < rowLength; at++) {
      let sum = 0;
      weights.forEach((weight, i) => (sum += weight * across[(first + i) * rowLength + at]!));
      result[y * rowLength + at] = sum;
    }
  });
  return result;
}

/** What one output pixel of an axis is made of. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

function tapsOf(length: number, factor: number, { support, weight }: Kernel): Taps[] {
  return Array.from({ length: length * factor }, (_, i) => {
    const centre = (i + 0.5) / factor;
    const first = Math.max(0, Math.ceil(centre - support - 0.5));
    const end = Math.min(length, Math.floor(centre + support - 0.5) + 1);
    const weights = Array.from({ length: end - first }, (__, j) =>
      weight(first + j + 0.5 - centre),
    );
    const sum = weights.reduce((total, value) => total + value, 0);
    return { first, weights: weights.map((value) => value / sum) };
  });
}
