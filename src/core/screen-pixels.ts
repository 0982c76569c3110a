import { AppError } from "./errors.js";
import {
  colourChannelsOf,
  hasAlphaChannel,
  maxSampleOf,
  requireRect,
  type Raster,
} from "./raster.js";
import { describeRect, rectContains, rectOfSize, type Rect } from "./rect.js";

/** 8-bit RGBA for a screen, row-major; `rgba.length === width * height * 4`. */
export interface ScreenPixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/**
 * The part of a picture under `rect`, reduced by an integer factor through box means, as 8-bit RGBA.
 * Grey is repeated over R, G, B; a missing alpha is 255; 16-bit samples are scaled by 255 / 65535.
 * The size is `ceil(rect / factor)`; blocks cut by the rectangle's edge average the pixels they have.
 * Colours are weighted by alpha when pixels are averaged, or hidden colours would bleed into edges.
 * @throws AppError REQUEST_INVALID if `rect` is empty or leaves the picture, or factor < 1
 */
export function toScreenPixels(raster: Raster, rect: Rect, factor: number): ScreenPixels {
  requireRect(rect);
  if (!rectContains(rectOfSize(raster.width, raster.height), rect)) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a rectangle inside the ${raster.width} x ${raster.height} picture but got ${describeRect(rect)}.`,
      { ...rect },
    );
  }
  if (!Number.isSafeInteger(factor) || factor < 1) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a whole reduction of at least 1 but got ${factor}.`,
    );
  }
  const width = Math.ceil(rect.width / factor);
  const height = Math.ceil(rect.height / factor);
  const rgba = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    const top = rect.y + row * factor;
    const rows = Math.min(factor, rect.y + rect.height - top);
    for (let column = 0; column < width; column++) {
      const left = rect.x + column * factor;
      const columns = Math.min(factor, rect.x + rect.width - left);
      writeBlockMean(raster, left, top, columns, rows, rgba, (row * width + column) * 4);
    }
  }
  return { width, height, rgba };
}

function writeBlockMean(
  raster: Raster,
  left: number,
  top: number,
  columns: number,
  rows: number,
  rgba: Uint8Array,
  offset: number,
): void {
  const { channels, data } = raster;
  const max = maxSampleOf(raster.depth);
  const alphaChannel = hasAlphaChannel(channels) ? channels - 1 : -1;
  const green = colourChannelsOf(channels) === 3 ? 1 : 0;
  const blue = green * 2;
  let red = 0;
  let greenSum = 0;
  let blueSum = 0;
  let weightSum = 0;
  for (let y = 0; y < rows; y++) {
    let at = ((top + y) * raster.width + left) * channels;
    for (let x = 0; x < columns; x++, at += channels) {
      const weight = alphaChannel < 0 ? max : (data[at + alphaChannel] ?? 0);
      red += weight * (data[at] ?? 0);
      greenSum += weight * (data[at + green] ?? 0);
      blueSum += weight * (data[at + blue] ?? 0);
      weightSum += weight;
    }
  }
  const toByte = weightSum > 0 ? 255 / (max * weightSum) : 0;
  rgba[offset] = Math.round(red * toByte);
  rgba[offset + 1] = Math.round(greenSum * toByte);
  rgba[offset + 2] = Math.round(blueSum * toByte);
  rgba[offset + 3] = Math.round((weightSum * 255) / (max * rows * columns));
}
