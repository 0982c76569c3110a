import {
  createRaster,
  createSamples,
  maxSampleOf,
  type BitDepth,
  type ChannelCount,
  type Raster,
} from "../../src/core/raster.js";
import type { JobContext } from "../../src/engine/jobs/job-context.js";

/** A picture with gradients, edges and texture, and extremes that clip. */
export function testPicture(
  width: number,
  height: number,
  channels: ChannelCount,
  depth: BitDepth,
): Raster {
  const max = maxSampleOf(depth);
  const data = createSamples(depth, width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const disc = (x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 < (width * 0.25) ** 2;
      for (let channel = 0; channel < channels; channel++) {
        const wave = 0.5 + 0.6 * Math.sin(0.31 * x * (channel + 1)) * Math.cos(0.23 * y - channel);
        const value = disc ? (channel + 1) / 4 : wave;
        data[(y * width + x) * channels + channel] = Math.round(
          max * Math.max(0, Math.min(1, value)),
        );
      }
    }
  }
  return createRaster(width, height, channels, depth, data);
}

/** A job's surroundings that nobody looks at. */
export function quietContext(signal = new AbortController().signal): JobContext {
  return { signal, onProgress: () => undefined, onPreview: () => undefined };
}
