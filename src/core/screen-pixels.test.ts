import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster } from "./raster.js";
import { rectOfSize } from "./rect.js";
import { toScreenPixels } from "./screen-pixels.js";
import { arbitraryRaster } from "./testing/arbitraries.js";

describe("toScreenPixels", () => {
  it("shows visible 8-bit pixels as they are", () => {
    fc.assert(
      fc.property(arbitraryRaster(), (raster) => {
        fc.pre(raster.depth === 8);
        const { rgba } = toScreenPixels(raster, rectOfSize(raster.width, raster.height), 1);
        const { channels, data } = raster;
        for (let pixel = 0; pixel < raster.width * raster.height; pixel++) {
          const own = [...data.subarray(pixel * channels, (pixel + 1) * channels)];
          const alpha = channels % 2 === 0 ? own.at(-1)! : 255;
          const colour = channels < 3 ? [own[0]!, own[0]!, own[0]!] : own.slice(0, 3);
          const expected = [...(alpha === 0 ? [0, 0, 0] : colour), alpha];
          expect([...rgba.subarray(pixel * 4, pixel * 4 + 4)]).toEqual(expected);
        }
      }),
    );
  });

  it("averages blocks, also those that the border cuts", () => {
    const raster = createRaster(3, 2, 1, 16, Uint16Array.of(0, 65535, 257, 65535, 0, 257 * 3));
    const { width, height, rgba } = toScreenPixels(raster, rectOfSize(3, 2), 2);
    expect([width, height]).toEqual([2, 1]);
    expect([...rgba]).toEqual([128, 128, 128, 255, 2, 2, 2, 255]);
  });

  it("does not let hidden colours bleed into visible ones", () => {
    const raster = createRaster(2, 1, 4, 8, Uint8Array.of(10, 20, 30, 255, 255, 255, 255, 0));
    expect([...toScreenPixels(raster, rectOfSize(2, 1), 2).rgba]).toEqual([10, 20, 30, 128]);
  });

  it("refuses a rectangle that leaves the picture", () => {
    const raster = createRaster(3, 2, 1, 8);
    expect(() => toScreenPixels(raster, { x: 1, y: 0, width: 3, height: 2 }, 1)).toThrow(
      /inside the 3 x 2/,
    );
  });
});
