import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modelImageToSamples, readModelChannel, readModelImage } from "./model-image.js";
import { colourChannelsOf, createRaster, cropRaster, maxSampleOf } from "./raster.js";
import { arbitraryRaster } from "./testing/arbitraries.js";

describe("readModelImage", () => {
  it("comes back as the samples of the (edge-repeated) crop at native resolution", () => {
    fc.assert(
      fc.property(
        arbitraryRaster(),
        fc.integer({ min: -5, max: 8 }),
        fc.integer({ min: -5, max: 8 }),
        (raster, x, y) => {
          const rect = { x, y, width: 6, height: 6 };
          const colours = colourChannelsOf(raster.channels);
          const max = maxSampleOf(raster.depth);
          const image = readModelImage(raster, rect, 1);
          const samples = modelImageToSamples(image, colours, max);
          const crop = cropRaster(raster, rect);
          expect(Math.max(...image.data)).toBeLessThanOrEqual(1);
          expect(Math.min(...image.data)).toBeGreaterThanOrEqual(-1);
          for (let pixel = 0; pixel < 36; pixel++) {
            for (let channel = 0; channel < colours; channel++) {
              const original = crop.data[pixel * crop.channels + channel]!;
              expect(Math.abs(samples[pixel * colours + channel]! - original)).toBeLessThan(
                max * 1e-6,
              );
            }
          }
        },
      ),
    );
  });

  it("averages the pixels of each block when it reduces", () => {
    const raster = createRaster(
      4,
      4,
      1,
      8,
      Uint8Array.from({ length: 16 }, (_, i) => i * 10),
    );
    const image = readModelImage(raster, { x: 0, y: 0, width: 4, height: 4 }, 2);
    const samples = modelImageToSamples(image, 1, 255);
    expect([...samples].map((value) => Math.round(value * 100) / 100)).toEqual([25, 45, 105, 125]);
  });

  it("averages exactly, and repeats the border's pixels beyond it", () => {
    const places = fc.integer({ min: -20, max: 20 });
    fc.assert(
      fc.property(
        arbitraryRaster(),
        places,
        places,
        fc.constantFrom(2, 3, 7),
        (raster, x, y, factor) => {
          const rect = { x, y, width: 3 * factor, height: 3 * factor };
          const image = readModelImage(raster, rect, factor);
          const crop = cropRaster(raster, rect);
          const colours = colourChannelsOf(raster.channels);
          for (let block = 0; block < 9 * colours; block++) {
            const [channel, place] = [block % colours, Math.floor(block / colours)];
            let sum = 0;
            for (let pixel = 0; pixel < factor * factor; pixel++) {
              const column = (place % 3) * factor + (pixel % factor);
              const row = Math.floor(place / 3) * factor + Math.floor(pixel / factor);
              sum += crop.data[(row * rect.width + column) * crop.channels + channel]!;
            }
            const scale = 2 / (maxSampleOf(raster.depth) * factor * factor);
            expect(image.data[channel * 9 + place]).toBe(Math.fround(sum * scale - 1));
          }
        },
      ),
    );
  });

  it("refuses regions that are not square or do not divide", () => {
    const raster = createRaster(4, 4, 3, 8);
    expect(() => readModelImage(raster, { x: 0, y: 0, width: 4, height: 2 }, 1)).toThrow(/square/);
    expect(() => readModelImage(raster, { x: 0, y: 0, width: 5, height: 5 }, 2)).toThrow(
      /multiple of 2/,
    );
  });
});

describe("readModelChannel", () => {
  it("shows one channel as three equal planes", () => {
    const raster = createRaster(1, 1, 4, 8, Uint8Array.of(1, 2, 3, 255));
    const image = readModelChannel(raster, 3, { x: 0, y: 0, width: 2, height: 2 }, 1);
    expect([...image.data]).toEqual(new Array(12).fill(1));
  });
});
