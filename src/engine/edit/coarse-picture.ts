import type { TokenLayout } from "../../core/layout.js";
import type { ModelImage } from "../../core/model-image.js";
import { blockMeans } from "../../core/wavelet/blocks.js";

/**
 * The picture that the scales up to this one make, read off a finished picture: the means of its
 * blocks, since a scale's details sum to 0 over the blocks of the scale before.
 */
export function coarsePictureOf(
  { side, data }: ModelImage,
  { levels }: TokenLayout,
  scale: number,
): ModelImage {
  const block = 2 ** (levels - scale);
  // The three planes lie one below the other, so they shrink like one tall plane.
  return { side: side / block, data: Float32Array.from(blockMeans(data, side, 3 * side, block)) };
}
