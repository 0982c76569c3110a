import type { ModelImage } from "../model-image.js";

/** Rounds of smoothing and putting right, and sweeps of smoothing in each: after these it hardly changes. */
const ROUNDS = 24;
const SWEEPS = 3;

/**
 * Moves what was drawn so that, blended over the original by `alpha`, every block keeps the original's
 * mean. A block at the mask's edge has to make up for all that its masked part would change, so the
 * correction is spread as smoothly as the means allow (pycnophylactic interpolation, Tobler 1979):
 * shared out equally within each block it would show as squares along the edge.
 * @param alpha how much of the drawn picture each pixel takes, 0..1, `side * side`
 * @param block side of the blocks in pixels, a divisor of the picture's
 * @returns the drawn picture, as it was where alpha is 0
 */
export function keepBlockMeans(
  drawn: ModelImage,
  original: ModelImage,
  alpha: Float32Array,
  block: number,
): ModelImage {
  const { side } = drawn;
  const area = side * side;
  const data = drawn.data.slice();
  const blocks = blocksOf(side, block);
  const weights = sumsOver(blocks, (pixel) => alpha[pixel] ?? 0);
  for (let plane = 0; plane < 3; plane++) {
    const first = plane * area;
    const wanted = sumsOver(
      blocks,
      (pixel) =>
        (alpha[pixel] ?? 0) * ((original.data[first + pixel] ?? 0) - (data[first + pixel] ?? 0)),
    );
    let correction: Float32Array = new Float32Array(area);
    for (let round = 0; round <= ROUNDS; round++) {
      for (let sweep = 0; sweep < SWEEPS && round > 0; sweep++) {
        correction = smoothed(correction, alpha, side);
      }
      putRight(correction, alpha, blocks, wanted, weights);
    }
    for (let pixel = 0; pixel < area; pixel++) {
      if ((alpha[pixel] ?? 0) > 0)
        data[first + pixel] = (data[first + pixel] ?? 0) + (correction[pixel] ?? 0);
    }
  }
  return { side, data };
}

/** The number of each pixel's block. */
function blocksOf(side: number, block: number): Uint16Array {
  const columns = side / block;
  return Uint16Array.from({ length: side * side }, (_, pixel) => {
    const row = Math.floor(pixel / side / block);
    return row * columns + Math.floor((pixel % side) / block);
  });
}

function sumsOver(blocks: Uint16Array, value: (pixel: number) => number): Float64Array {
  const sums = new Float64Array((blocks.at(-1) ?? 0) + 1);
  for (let pixel = 0; pixel < blocks.length; pixel++) {
    const block = blocks[pixel] ?? 0;
    sums[block] = (sums[block] ?? 0) + value(pixel);
  }
  return sums;
}

/** Adds to each block what its correction lacks, equally: in the end that is next to nothing. */
function putRight(
  correction: Float32Array,
  alpha: Float32Array,
  blocks: Uint16Array,
  wanted: Float64Array,
  weights: Float64Array,
): void {
  const given = sumsOver(blocks, (pixel) => (alpha[pixel] ?? 0) * (correction[pixel] ?? 0));
  for (let pixel = 0; pixel < correction.length; pixel++) {
    const block = blocks[pixel] ?? 0;
    const weight = weights[block] ?? 0;
    if (weight === 0) continue;
    const lacking = ((wanted[block] ?? 0) - (given[block] ?? 0)) / weight;
    correction[pixel] = (correction[pixel] ?? 0) + lacking;
  }
}

/** Each pixel's mean with its four neighbours, weighted by what counts of them. */
function smoothed(values: Float32Array, weights: Float32Array, side: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let y = 0, pixel = 0; y < side; y++) {
    for (let x = 0; x < side; x++, pixel++) {
      const own = weights[pixel] ?? 0;
      if (own === 0) continue;
      let sum = own * (values[pixel] ?? 0);
      let total = own;
      if (x > 0) {
        const weight = weights[pixel - 1] ?? 0;
        sum += weight * (values[pixel - 1] ?? 0);
        total += weight;
      }
      if (x + 1 < side) {
        const weight = weights[pixel + 1] ?? 0;
        sum += weight * (values[pixel + 1] ?? 0);
        total += weight;
      }
      if (y > 0) {
        const weight = weights[pixel - side] ?? 0;
        sum += weight * (values[pixel - side] ?? 0);
        total += weight;
      }
      if (y + 1 < side) {
        const weight = weights[pixel + side] ?? 0;
        sum += weight * (values[pixel + side] ?? 0);
        total += weight;
      }
      result[pixel] = sum / total;
    }
  }
  return result;
}
