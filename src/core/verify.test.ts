import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster } from "./raster.js";
import { roundUpscaled } from "./rounding/upscale.js";
import { arbitraryRaster } from "./testing/arbitraries.js";
import { findBlockMismatch, findFrozenMismatch, findOutsideChange } from "./verify.js";

describe("checks of the promises", () => {
  it("find the block that any single changed sample of an upscale lies in", () => {
    fc.assert(
      fc.property(arbitraryRaster({ maxWidth: 4, maxHeight: 4 }), fc.nat(), (source, pick) => {
        const big = roundUpscaled(new Float32Array(source.data.length * 4), source, 2);
        const at = pick % big.data.length;
        big.data[at] = big.data[at]! === 0 ? 1 : big.data[at]! - 1;
        const pixel = Math.floor(at / big.channels);
        expect(findBlockMismatch(big, source, 2)).toMatchObject({
          x: (pixel % big.width) >> 1,
          y: Math.floor(pixel / big.width) >> 1,
          channel: at % big.channels,
        });
      }),
    );
  });

  it("find a frozen block whose sum moved, and not one whose pixels only traded", () => {
    const original = createRaster(4, 4, 1, 8, new Uint8Array(16).fill(9));
    const edited = createRaster(4, 4, 1, 8, new Uint8Array(16).fill(9));
    const region = { x: 0, y: 0, width: 4, height: 4 };
    edited.data[10] = 10;
    edited.data[15] = 8;
    expect(findFrozenMismatch(edited, original, region, 2)).toBeNull();
    edited.data[15] = 9;
    expect(findFrozenMismatch(edited, original, region, 2)).toEqual({
      x: 1,
      y: 1,
      channel: 0,
      expected: 36,
      got: 37,
    });
  });

  it("find a pixel outside the mask that changed, and none inside", () => {
    const original = createRaster(3, 2, 2, 8);
    const edited = createRaster(3, 2, 2, 8);
    edited.data[9] = 1;
    const mask = { rect: { x: 1, y: 1, width: 1, height: 1 }, alpha: Uint8Array.of(1) };
    expect(findOutsideChange(edited, original, mask)).toBeNull();
    edited.data[11] = 1;
    expect(findOutsideChange(edited, original, mask)).toEqual({ x: 2, y: 1 });
  });

  it("refuse pictures that do not correspond", () => {
    const small = createRaster(2, 2, 1, 8);
    expect(() => findBlockMismatch(createRaster(4, 5, 1, 8), small, 2)).toThrow(
      /4 x 4 but got 4 x 5/,
    );
    expect(() => findBlockMismatch(createRaster(4, 4, 1, 16), small, 2)).toThrow(/one kind/);
  });
});
