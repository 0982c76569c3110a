import { colourChannelsOf, cropRaster, type Raster } from "../../core/raster.js";
import type { Rect } from "../../core/rect.js";

/**
 * A picture on a larger canvas: beyond its border it goes on as in a mirror, and so without a seam.
 * Alpha is that of the nearest pixel, so that an opaque picture stays opaque.
 * @param canvas in pixels of the picture; may begin before it
 */
export function mirroredCanvas(picture: Raster, canvas: Rect): Raster {
  const large = cropRaster(picture, canvas);
  const { channels, width } = picture;
  const colours = colourChannelsOf(channels);
  const columns = mirroredIndices(canvas.x, canvas.width, picture.width);
  const rows = mirroredIndices(canvas.y, canvas.height, picture.height);
  let target = 0;
  for (const row of rows) {
    for (const column of columns) {
      const source = (row * width + column) * channels;
      for (let channel = 0; channel < colours; channel++) {
        large.data[target + channel] = picture.data[source + channel] ?? 0;
      }
      target += channels;
    }
  }
  return large;
}

/** Where each index from `start` on is seen in a row of mirrors, `count` apart. */
function mirroredIndices(start: number, length: number, count: number): number[] {
  return Array.from({ length }, (_, index) => {
    const period = 2 * count;
    const phase = (((start + index) % period) + period) % period;
    return phase < count ? phase : period - 1 - phase;
  });
}
