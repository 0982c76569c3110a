import type { TokenLayout } from "../../core/layout.js";
import { readModelImage } from "../../core/model-image.js";
import type { Raster } from "../../core/raster.js";
import type { Rect } from "../../core/rect.js";
import { haarForward, haarInverse, type HaarPyramid } from "../../core/wavelet/haar.js";
import type { ScaleThumbnail } from "../../shared/documents.js";

/** Standard deviations of a scale's details that reach from mid-grey to black or white. */
const SHOWN_DEVIATIONS = 3;

/**
 * What each scale of a region holds, for the scale ladder: scale 0 as the picture of means, details
 * as what they add to the coarser picture (horizontal, vertical and diagonal together, which is one
 * level of the inverse transform with nothing below it), amplified around mid-grey.
 * @param region part of the document, whose longer side is reduced to the model's picture
 * @param scaleStd standard deviation of each scale's coefficients, from the manifest
 */
export function scaleThumbnails(
  raster: Raster,
  region: Rect,
  layout: TokenLayout,
  scaleStd: readonly number[],
): ScaleThumbnail[] {
  const { imageSize, levels } = layout;
  const factor = Math.max(1, Math.ceil(Math.max(region.width, region.height) / imageSize));
  const square = { ...region, width: imageSize * factor, height: imageSize * factor };
  const { data } = readModelImage(raster, square, factor);
  const area = imageSize * imageSize;
  const pyramids = [0, 1, 2].map((plane) =>
    haarForward(data.subarray(plane * area, (plane + 1) * area), imageSize, imageSize, levels),
  );
  /** The part of a thumbnail that the region fills; the rest repeats its edge. */
  const shown = (side: number) => ({
    width: Math.max(1, Math.round((region.width / square.width) * side)),
    height: Math.max(1, Math.round((region.height / square.height) * side)),
  });
  return layout.scales.map(({ scale }) => {
    const planes = pyramids.map((pyramid) =>
      scale === 0 ? pyramid.approximation : detailPlane(pyramid, scale),
    );
    const gain = scale === 0 ? 1 : 1 / (SHOWN_DEVIATIONS * (scaleStd[scale] ?? 1));
    const side = Math.sqrt(planes[0]?.length ?? 1);
    return { scale, ...shown(side), rgba: toRgba(planes, side, shown(side), gain) };
  });
}

/** What one scale of details adds: the inverse transform of that level over a flat zero. */
function detailPlane({ details }: HaarPyramid, scale: number): Float32Array {
  const level = details[scale - 1];
  if (!level) return new Float32Array(1);
  const { width, height } = level;
  return haarInverse({
    width: width * 2,
    height: height * 2,
    levels: 1,
    approximation: new Float32Array(width * height),
    details: [level],
  });
}

function toRgba(
  planes: readonly Float32Array[],
  side: number,
  { width, height }: { readonly width: number; readonly height: number },
  gain: number,
): Uint8Array<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      planes.forEach((plane, channel) => {
        const value = (plane[y * side + x] ?? 0) * gain;
        rgba[(y * width + x) * 4 + channel] = (value + 1) * 127.5;
      });
    }
  }
  return new Uint8Array(rgba.buffer);
}
