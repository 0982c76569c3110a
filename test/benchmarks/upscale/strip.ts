import { maxSampleOf, type Raster } from "../../../src/core/raster.js";
import { sharp } from "../../../src/engine/files/sharp.js";
import { reduceByBlocks } from "./pictures.js";

/** Pixels of the enlarged picture that are shown; a multiple of every factor. */
const SIDE = 96;
/** Each of them becomes so many in the strip, so that they can be seen. */
const ZOOM = 2;
const GAP = 6;

/** Where the square of a picture lies that a strip shows. */
export interface Corner {
  readonly x: number;
  readonly y: number;
}

/** The square with the most detail: there the small picture, its pixels repeated, is worst. */
export function mostDetailed(truth: Raster, factor: number): Corner {
  const source = reduceByBlocks(truth, factor);
  let best = { x: 0, y: 0, detail: -1 };
  for (let y = 0; y + SIDE <= truth.height; y += SIDE / 2) {
    for (let x = 0; x + SIDE <= truth.width; x += SIDE / 2) {
      const detail = detailOf(truth, source, factor, { x, y });
      if (detail > best.detail) best = { x, y, detail };
    }
  }
  return { x: best.x, y: best.y };
}

function detailOf(truth: Raster, source: Raster, factor: number, { x, y }: Corner): number {
  let sum = 0;
  for (let row = y; row < y + SIDE; row++) {
    for (let column = x; column < x + SIDE; column++) {
      const block = Math.floor(row / factor) * source.width + Math.floor(column / factor);
      for (let channel = 0; channel < truth.channels; channel++) {
        const sample = truth.data[(row * truth.width + column) * truth.channels + channel]!;
        sum += (sample - source.data[block * source.channels + channel]!) ** 2;
      }
    }
  }
  return sum;
}

/** The square of a picture at that corner. */
export function cut({ width, channels, depth, data }: Raster, { x, y }: Corner): Raster {
  const samples = data.slice(0, SIDE * SIDE * channels);
  for (let row = 0; row < SIDE; row++) {
    const from = ((y + row) * width + x) * channels;
    samples.set(data.subarray(from, from + SIDE * channels), row * SIDE * channels);
  }
  return { width: SIDE, height: SIDE, channels, depth, data: samples };
}

/** Squares side by side, a picture a row, as a JPEG. */
export async function drawStrip(rows: readonly (readonly Raster[])[]): Promise<Uint8Array> {
  const columns = Math.max(...rows.map((row) => row.length));
  const step = SIDE * ZOOM + GAP;
  const cells = rows.flatMap((row, top) =>
    row.map(async ({ width, height, channels, depth, data }, left) => {
      if (maxSampleOf(depth) !== 255) throw new RangeError("a strip shows 8 bits");
      const input = await sharp(data, { raw: { width, height, channels } })
        .resize(width * ZOOM, height * ZOOM, { kernel: "nearest" })
        .png()
        .toBuffer();
      return { input, left: left * step, top: top * step };
    }),
  );
  const size = { width: columns * step - GAP, height: rows.length * step - GAP };
  return sharp({ create: { ...size, channels: 3, background: "white" } })
    .composite(await Promise.all(cells))
    .jpeg({ quality: 90, chromaSubsampling: "4:4:4" })
    .toBuffer();
}
