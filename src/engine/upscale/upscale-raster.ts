import { AppError } from "../../core/errors.js";
import { readModelChannel, readModelImage } from "../../core/model-image.js";
import {
  colourChannelsOf,
  createSamples,
  hasAlphaChannel,
  maxSampleOf,
  type Raster,
} from "../../core/raster.js";
import type { Rect } from "../../core/rect.js";
import { createUpscaleRounder, roundBlockRow } from "../../core/rounding/upscale.js";
import { MAX_PIXELS, MAX_SIDE_PX } from "../../shared/limits.js";
import type { DetailPredictor } from "./detail-predictor.js";
import { upscaleRows, type UpscaleCallbacks, type UpscaleLayer } from "./upscale-rows.js";

/** What predicts a picture's details. */
export interface RasterPredictors {
  readonly colour: DetailPredictor;
  /** Of the same factor; an invented alpha would punch holes, so this one is always faithful. */
  readonly alpha: DetailPredictor;
}

/**
 * Enlarges a picture of any size, depth and channels so that averaging each block of the result
 * gives the picture back exactly; alpha takes the same road as grey.
 * @throws AppError IMAGE_TOO_LARGE if the result would be beyond the limits
 */
export async function upscaleRaster(
  raster: Raster,
  predictors: RasterPredictors,
  imageSize: number,
  callbacks: Omit<UpscaleCallbacks, "onRows">,
): Promise<Raster> {
  const { width, height, channels, depth } = raster;
  const { factor } = predictors.colour;
  requireResultSize(raster, factor);
  const maxSample = maxSampleOf(depth);
  const rowLength = width * factor * channels;
  const output = createSamples(depth, rowLength * height * factor);
  const rounder = createUpscaleRounder(factor);
  const onRows: UpscaleCallbacks["onRows"] = ({ start, count, details }) => {
    for (let row = 0; row < count; row++) {
      const inputRow = start + row;
      const offset = row * factor * rowLength;
      addSource(raster, inputRow, factor, details.subarray(offset, offset + factor * rowLength));
      roundBlockRow(
        {
          prediction: {
            data: details,
            offset,
            rowStride: rowLength,
            pixelStride: channels,
            channelStride: 1,
          },
          source: raster.data,
          sourceOffset: inputRow * width * channels,
          width,
          channels,
          factor,
          maxSample,
          output,
          outputOffset: inputRow * factor * rowLength,
        },
        rounder,
      );
    }
  };
  const source = { width, height, layers: layersOf(raster, predictors) };
  await upscaleRows(source, { imageSize, factor }, { ...callbacks, onRows });
  return { width: width * factor, height: height * factor, channels, depth, data: output };
}

/** Colour as one layer, alpha as another. */
function layersOf(raster: Raster, { colour, alpha }: RasterPredictors): UpscaleLayer[] {
  const colours: UpscaleLayer = {
    channels: colourChannelsOf(raster.channels),
    read: (rect) => readModelImage(raster, rect, 1),
    predictor: colour,
  };
  if (!hasAlphaChannel(raster.channels)) return [colours];
  const last = raster.channels - 1;
  const read = (rect: Rect) => readModelChannel(raster, last, rect, 1);
  return [colours, { channels: 1, read, predictor: alpha }];
}

/** Turns details (model units) of one input row into predicted samples, in place. */
function addSource(raster: Raster, row: number, factor: number, details: Float32Array): void {
  const { width, channels, data } = raster;
  const half = maxSampleOf(raster.depth) / 2;
  const rowLength = width * factor * channels;
  for (let y = 0; y < factor; y++) {
    for (let x = 0; x < width * factor; x++) {
      const pixel = (row * width + Math.floor(x / factor)) * channels;
      const target = y * rowLength + x * channels;
      for (let channel = 0; channel < channels; channel++) {
        const detail = details[target + channel] ?? 0;
        details[target + channel] = detail * half + (data[pixel + channel] ?? 0);
      }
    }
  }
}

function requireResultSize({ width, height }: Raster, factor: number): void {
  const [bigWidth, bigHeight] = [width * factor, height * factor];
  const fits = bigWidth <= MAX_SIDE_PX && bigHeight <= MAX_SIDE_PX;
  if (fits && bigWidth * bigHeight <= MAX_PIXELS) return;
  throw new AppError(
    "IMAGE_TOO_LARGE",
    `Expected an enlarged picture of at most ${MAX_PIXELS / 1e6} megapixels and ${MAX_SIDE_PX} pixels a side but ${width} x ${height} times ${factor} is ${bigWidth} x ${bigHeight}; choose a smaller factor.`,
    { widthPx: bigWidth, heightPx: bigHeight, factor },
  );
}
