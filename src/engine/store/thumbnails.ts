import type { TokenLayout } from "../../core/layout.js";
import { colourChannelsOf, maxSampleOf, requireRect, type Raster } from "../../core/raster.js";
import type { Rect } from "../../core/rect.js";
import { haarForward, haarInverse, type HaarPyramid } from "../../core/wavelet/haar.js";
import type { ScaleThumbnail } from "../../shared/documents.js";

/** Details are small numbers around zero; this much contrast makes them visible without clipping most. */
const DETAIL_GAIN = 2.5;
const MID_GREY = 0.5;

/**
 * What each scale of a region holds: scale 0 as the small picture that it is, the others as what they
 * add to the picture below them, around mid-grey.
 *
 * The region is read at the model's resolution; of one that is not square, the centred square.
 * @throws AppError REQUEST_INVALID for an empty region
 */
export function scaleThumbnails(
  raster: Raster,
  region: Rect,
  layout: TokenLayout,
): ScaleThumbnail[] {
  requireRect(region);
  const side = layout.imageSize;
  const planes = colourPlanes(raster).map((channel) =>
    sampleSquare(raster, centredSquare(region), channel, side),
  );
  const pyramids = planes.map((plane) => haarForward(plane, side, side, layout.levels));
  return layout.scales.map((_, scale) => {
    const width = scale === 0 ? side / 2 ** layout.levels : side / 2 ** (layout.levels - scale);
    const bands = pyramids.map((pyramid) => bandPicture(pyramid, scale));
    return { scale, width, height: width, rgba: toRgba(bands, width * width) };
  });
}

/** The three channels to read; grey is read three times. */
function colourPlanes(raster: Raster): readonly number[] {
  return colourChannelsOf(raster.channels) === 1 ? [0, 0, 0] : [0, 1, 2];
}

function centredSquare({ x, y, width, height }: Rect): Rect {
  const side = Math.min(width, height);
  return {
    x: x + Math.floor((width - side) / 2),
    y: y + Math.floor((height - side) / 2),
    width: side,
    height: side,
  };
}

/** One channel of a square as `side` x `side` area means in [0, 1]; edge pixels repeat beyond the border. */
function sampleSquare(raster: Raster, square: Rect, channel: number, side: number): Float32Array {
  const { channels, data } = raster;
  const plane = new Float32Array(side * side);
  const scale = square.width / side;
  const clampX = (x: number) => Math.max(0, Math.min(x, raster.width - 1));
  const clampY = (y: number) => Math.max(0, Math.min(y, raster.height - 1));
  const max = maxSampleOf(raster.depth);
  for (let row = 0; row < side; row++) {
    const top = square.y + Math.floor(row * scale);
    const bottom = Math.max(top + 1, square.y + Math.floor((row + 1) * scale));
    for (let column = 0; column < side; column++) {
      const left = square.x + Math.floor(column * scale);
      const right = Math.max(left + 1, square.x + Math.floor((column + 1) * scale));
      let sum = 0;
      for (let y = top; y < bottom; y++) {
        const line = clampY(y) * raster.width;
        for (let x = left; x < right; x++) {
          sum += data[(line + clampX(x)) * channels + channel] ?? 0;
        }
      }
      plane[row * side + column] = sum / ((bottom - top) * (right - left) * max);
    }
  }
  return plane;
}

/** The approximation itself, or what one level of details adds to a blank picture. */
function bandPicture(pyramid: HaarPyramid, scale: number): Float32Array {
  if (scale === 0) return pyramid.approximation;
  const details = pyramid.details[scale - 1];
  if (!details) return new Float32Array(0);
  const { width, height } = details;
  const added = haarInverse({
    width: width * 2,
    height: height * 2,
    approximation: new Float32Array(width * height),
    levels: 1,
    details: [details],
  });
  return added.map((value) => MID_GREY + DETAIL_GAIN * value);
}

function toRgba(bands: readonly Float32Array[], pixels: number): Uint8Array<ArrayBuffer> {
  const rgba = new Uint8Array(pixels * 4).fill(255);
  bands.forEach((band, channel) => {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = Math.round((band[pixel] ?? 0) * 255);
      rgba[4 * pixel + channel] = Math.max(0, Math.min(255, value));
    }
  });
  return rgba;
}
