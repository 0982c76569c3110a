import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  colourChannelsOf,
  createRaster,
  createSamples,
  type Raster,
} from "../../../src/core/raster.js";
import { AreaReducer } from "../../../src/core/rounding/area-reducer.js";
import { readPicture } from "../../../src/engine/index.js";

/** Larger pictures lose their borders, so that a run takes minutes. */
const MAX_PIXELS = 300_000;
/** Smaller ones would measure what a run costs to start. */
const MIN_SIDE = 256;
/** Sides are multiples of the largest factor. */
const SIDE_STEP = 8;

/** A picture to reduce and enlarge again: RGB, 8 bits, sides a multiple of 8. */
export interface TestPicture {
  readonly name: string;
  readonly raster: Raster;
}

/** The readable pictures of a folder by name, cropped to their middle; small ones are left out. */
export async function readPictures(folder: string, most: number): Promise<TestPicture[]> {
  const names = (await readdir(folder)).filter((name) =>
    /\.(jpe?g|png|webp|tiff?|avif)$/i.test(name),
  );
  const found: TestPicture[] = [];
  for (const name of names.sort()) {
    if (found.length === most) break;
    const { raster } = await readPicture(await readFile(join(folder, name)), name);
    if (Math.min(raster.width, raster.height) < MIN_SIDE) continue;
    found.push({ name, raster: middle(raster) });
  }
  if (found.length > 0) return found;
  throw new Error(`Expected pictures of at least ${MIN_SIDE} pixels a side in ${folder}.`);
}

/** The middle as 8-bit RGB: grey is repeated, alpha left out. */
export function middle(raster: Raster): Raster {
  const { channels, depth, data } = raster;
  const share = Math.min(1, Math.sqrt(MAX_PIXELS / (raster.width * raster.height)));
  const [width, height] = [raster.width, raster.height].map(
    (side) => Math.floor((side * share) / SIDE_STEP) * SIDE_STEP,
  ) as [number, number];
  const left = Math.floor((raster.width - width) / 2);
  const top = Math.floor((raster.height - height) / 2);
  const colours = colourChannelsOf(channels);
  const samples = createSamples(8, 3 * width * height).map((_, at) => {
    const pixel = Math.floor(at / 3);
    const x = left + (pixel % width);
    const y = top + Math.floor(pixel / width);
    const sample = data[(y * raster.width + x) * channels + (colours === 3 ? at % 3 : 0)]!;
    return depth === 8 ? sample : Math.round(sample / 257);
  });
  return createRaster(width, height, 3, 8, samples);
}

/** A picture whose pixels are the means of blocks, rounded to whole levels. */
export function reduceByBlocks(raster: Raster, factor: number): Raster {
  const { channels, depth } = raster;
  const [width, height] = [raster.width / factor, raster.height / factor];
  const across = { from: raster.width, to: width, start: 0, end: width };
  const down = { from: raster.height, to: height, start: 0, end: height };
  const reducer = new AreaReducer(across, down, channels, depth);
  const result = createRaster(width, height, channels, depth);
  let filled = 0;
  for (let y = 0; y < raster.height; y++) {
    const row = raster.data.subarray(
      y * raster.width * channels,
      (y + 1) * raster.width * channels,
    );
    reducer.add(row, (finished) => {
      result.data.set(finished, filled);
      filled += finished.length;
    });
  }
  return result;
}
