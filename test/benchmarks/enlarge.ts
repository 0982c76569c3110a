/**
 * Measures two choices of the engine on the sample pictures:
 *
 *     npx tsx test/benchmarks/enlarge.ts models/studio-128
 *
 * 1. Enlarging by 4 in one pass (two scales masked) against two passes of 2.
 * 2. How a change drawn at reduced resolution comes back to the picture's own: the region of one
 *    picture is replaced by that of another, whose native pixels are the truth.
 *
 * PSNR in dB over RGB against the native pixels, values as they are before rounding to block sums.
 */
import { readFile } from "node:fs/promises";
import { readModelImage, type ModelImage } from "../../src/core/model-image.js";
import type { Raster } from "../../src/core/raster.js";
import type { Rect } from "../../src/core/rect.js";
import { repeatBlocks } from "../../src/core/wavelet/blocks.js";
import { readPicture } from "../../src/engine/index.js";
import { faithfulPredictor } from "../../src/engine/upscale/detail-predictor.js";
import { upscaleRows } from "../../src/engine/upscale/upscale-rows.js";
import { openModel } from "../engine/debug-bundle.js";

const names = [
  "wren-512x512.jpg",
  "tea-garden-1280x853.jpg",
  "city-at-dusk-2000x1500.jpg",
  "spices-display-p3-1024x1024.jpg",
  "street-sunset-1365x768.jpg",
];
const model = await openModel(process.argv[2] ?? "models/studio-128");
const side = 512;

async function region(name: string): Promise<Raster> {
  const bytes = await readFile(new URL(`../../assets/samples/${name}`, import.meta.url));
  return (await readPicture(bytes, name)).raster;
}

/** A picture in the middle as planes in [-1, 1], reduced by `factor`. */
function middle(raster: Raster, factor: number): ModelImage {
  const x = Math.floor((raster.width - side) / 2);
  const y = Math.floor((raster.height - side) / 2);
  return readModelImage(raster, { x, y, width: side, height: side }, factor);
}

function crop({ side: from, data }: ModelImage, rect: Rect): ModelImage {
  const cut = new Float32Array(3 * rect.width * rect.width);
  let at = 0;
  for (let plane = 0; plane < 3; plane++) {
    for (let y = 0; y < rect.width; y++) {
      for (let x = 0; x < rect.width; x++) {
        const row = Math.min(from - 1, rect.y + y);
        cut[at++] = data[(plane * from + row) * from + Math.min(from - 1, rect.x + x)] ?? 0;
      }
    }
  }
  return { side: rect.width, data: cut };
}

function repeat(image: ModelImage, factor: number): ModelImage {
  return {
    side: image.side * factor,
    data: repeatBlocks(image.data, image.side, 3 * image.side, factor),
  };
}

async function enlarge(image: ModelImage, factor: number): Promise<ModelImage> {
  const big = repeat(image, factor);
  const predictor = faithfulPredictor(model, factor);
  const read = (rect: Rect) => crop(image, rect);
  await upscaleRows(
    { width: image.side, height: image.side, layers: [{ channels: 3, read, predictor }] },
    { imageSize: model.layout.imageSize, factor },
    {
      pause: () => Promise.resolve(),
      onTiles: () => undefined,
      onRows: ({ start, count, details }) => {
        const first = start * factor * big.side;
        for (let pixel = 0; pixel < count * factor * big.side; pixel++) {
          for (let channel = 0; channel < 3; channel++) {
            const target = channel * big.side * big.side + first + pixel;
            big.data[target] = (big.data[target] ?? 0) + (details[pixel * 3 + channel] ?? 0);
          }
        }
      },
    },
  );
  return big;
}

function psnr(a: ModelImage, b: ModelImage): number {
  let sum = 0;
  a.data.forEach((value, index) => {
    const clipped = Math.max(-1, Math.min(1, value));
    sum += ((clipped - (b.data[index] ?? 0)) / 2) ** 2;
  });
  return -10 * Math.log10(sum / a.data.length);
}

const rasters: Raster[] = [];
for (const name of names) rasters.push(await region(name));
const rows: Record<string, Record<string, string>> = {};
const sums = new Map<string, number>();
for (const [index, name] of names.entries()) {
  const own = rasters[index];
  const other = rasters[(index + 1) % names.length];
  if (!own || !other) continue;
  const truth = middle(own, 1);
  const half = middle(own, 2);
  const quarter = middle(own, 4);
  const once = await enlarge(quarter, 4);
  const twice = await enlarge(await enlarge(quarter, 2), 2);
  // The region shows `other`; the model was asked to put `own` there and did so perfectly.
  const before = middle(other, 1);
  const change = { side, data: truth.data.slice() };
  const reducedChange = repeat(quarter, 4).data;
  const reducedBefore = repeat(middle(other, 4), 4).data;
  change.data.forEach((_, i) => {
    change.data[i] = (before.data[i] ?? 0) + (reducedChange[i] ?? 0) - (reducedBefore[i] ?? 0);
  });
  const figures: Record<string, number> = {
    "x2 repeated": psnr(repeat(half, 2), truth),
    "x2 one pass": psnr(await enlarge(half, 2), truth),
    "x4 repeated": psnr(repeat(quarter, 4), truth),
    "x4 one pass": psnr(once, truth),
    "x4 two passes": psnr(twice, truth),
    "original + repeated change": psnr(change, truth),
  };
  rows[name] = Object.fromEntries(Object.entries(figures).map(([k, v]) => [k, v.toFixed(2)]));
  for (const [key, value] of Object.entries(figures)) sums.set(key, (sums.get(key) ?? 0) + value);
}
rows["mean"] = Object.fromEntries(
  [...sums].map(([key, value]) => [key, (value / names.length).toFixed(2)]),
);
process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
