import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cropRaster,
  createRaster,
  extractChannel,
  pasteRaster,
  rastersEqual,
  type Raster,
} from "./raster.js";
import { arbitraryRaster } from "./testing/arbitraries.js";

function sampleAt(raster: Raster, x: number, y: number, channel: number): number {
  const column = Math.max(0, Math.min(x, raster.width - 1));
  const row = Math.max(0, Math.min(y, raster.height - 1));
  return raster.data[(row * raster.width + column) * raster.channels + channel]!;
}

describe("createRaster", () => {
  it("refuses data of another length, naming both", () => {
    expect(() => createRaster(2, 2, 3, 8, new Uint8Array(11))).toThrow(/12 samples.*got 11/);
  });

  it("refuses samples of another depth", () => {
    expect(() => createRaster(2, 2, 1, 16, new Uint8Array(4))).toThrow(/16 bits/);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses a width of %s", (width) => {
    expect(() => createRaster(width, 2, 1, 8, new Uint8Array(0))).toThrow(/at least 1 x 1/);
  });
});

describe("cropRaster", () => {
  it("gives every pixel under the rectangle, repeating the nearest edge pixel outside", () => {
    fc.assert(
      fc.property(
        arbitraryRaster(),
        fc.integer({ min: -12, max: 12 }),
        fc.integer({ min: -12, max: 12 }),
        fc.integer({ min: 1, max: 14 }),
        fc.integer({ min: 1, max: 14 }),
        (raster, x, y, width, height) => {
          const crop = cropRaster(raster, { x, y, width, height });
          for (let row = 0; row < height; row++) {
            for (let column = 0; column < width; column++) {
              for (let channel = 0; channel < raster.channels; channel++) {
                expect(sampleAt(crop, column, row, channel)).toBe(
                  sampleAt(raster, x + column, y + row, channel),
                );
              }
            }
          }
        },
      ),
    );
  });

  it("refuses an empty rectangle", () => {
    const raster = createRaster(2, 2, 1, 8);
    expect(() => cropRaster(raster, { x: 0, y: 0, width: 0, height: 1 })).toThrow(/not empty/);
  });
});

describe("pasteRaster", () => {
  it("undoes a crop and leaves its arguments alone", () => {
    fc.assert(
      fc.property(
        arbitraryRaster(),
        fc.integer({ min: -4, max: 8 }),
        fc.integer({ min: -4, max: 8 }),
        (raster, x, y) => {
          const before = raster.data.slice();
          const crop = cropRaster(raster, { x, y, width: 5, height: 4 });
          expect(rastersEqual(pasteRaster(raster, crop, x, y), raster)).toBe(true);
          expect(raster.data).toEqual(before);
        },
      ),
    );
  });

  it("writes the patch and nothing else", () => {
    const raster = createRaster(3, 2, 1, 8);
    const patch = createRaster(2, 2, 1, 8, Uint8Array.of(1, 2, 3, 4));
    expect([...pasteRaster(raster, patch, 2, 0).data]).toEqual([0, 0, 1, 0, 0, 3]);
    expect([...pasteRaster(raster, patch, -1, -1).data]).toEqual([4, 0, 0, 0, 0, 0]);
  });

  it("refuses a patch of another kind", () => {
    expect(() => pasteRaster(createRaster(2, 2, 1, 8), createRaster(1, 1, 3, 8), 0, 0)).toThrow(
      /one kind/,
    );
  });
});

describe("extractChannel", () => {
  it("takes every n-th sample", () => {
    const raster = createRaster(2, 1, 3, 16, Uint16Array.of(1, 2, 3, 400, 500, 600));
    expect([...extractChannel(raster, 1)]).toEqual([2, 500]);
  });
});
