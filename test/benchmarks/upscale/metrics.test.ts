import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster, type Raster } from "../../../src/core/raster.js";
import { roundUpscaled } from "../../../src/core/rounding/upscale.js";
import { arbitraryRaster } from "../../../src/core/testing/arbitraries.js";
import { psnr, ssim, worstBlockError } from "./metrics.js";

const side = 16;
const picture: fc.Arbitrary<Raster> = fc
  .uint8Array({ minLength: 3 * side * side, maxLength: 3 * side * side })
  .map((data) => createRaster(side, side, 3, 8, data));
const flat = (level: number) =>
  createRaster(side, side, 3, 8, new Uint8Array(3 * side * side).fill(level));

describe("PSNR", () => {
  it("is infinite for equal pictures and the same in both directions", () => {
    fc.assert(
      fc.property(picture, picture, (a, b) => {
        expect(psnr(a, a)).toBe(Infinity);
        expect(psnr(a, b)).toBe(psnr(b, a));
      }),
    );
  });

  it("is that of the difference between two colours", () => {
    expect(psnr(flat(100), flat(110))).toBeCloseTo(20 * Math.log10(255 / 10), 9);
    expect(psnr(flat(0), flat(255))).toBe(0);
  });
});

describe("SSIM", () => {
  it("is 1 for equal pictures, the same in both directions and never above 1", () => {
    fc.assert(
      fc.property(picture, picture, (a, b) => {
        expect(ssim(a, a)).toBeCloseTo(1, 12);
        expect(ssim(a, b)).toBeCloseTo(ssim(b, a), 12);
        expect(ssim(a, b)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("is the luminance term alone between two colours", () => {
    const c1 = (0.01 * 255) ** 2;
    const expected = (2 * 100 * 140 + c1) / (100 ** 2 + 140 ** 2 + c1);
    expect(ssim(flat(100), flat(140))).toBeCloseTo(expected, 9);
  });

  it("is negative where light and dark are exchanged", () => {
    const checks = Uint8Array.from({ length: side * side }, (_, i) =>
      (i + Math.floor(i / side)) % 2 === 0 ? 28 : 228,
    );
    const board = createRaster(side, side, 1, 8, checks);
    const other = createRaster(
      side,
      side,
      1,
      8,
      checks.map((level) => 256 - level),
    );
    expect(ssim(board, other)).toBeLessThan(-0.9);
  });
});

describe("the worst block error", () => {
  it("is 0 after projection, whatever was predicted", () => {
    fc.assert(
      fc.property(
        arbitraryRaster({ maxWidth: 6, maxHeight: 6 }),
        fc.constantFrom(2, 4),
        (...drawn) => {
          const [source, factor] = drawn;
          const predicted = new Float32Array(source.data.length * factor ** 2);
          predicted.forEach((_, i) => (predicted[i] = 300 * Math.sin(i * i)));
          expect(worstBlockError(roundUpscaled(predicted, source, factor), source, factor)).toBe(0);
        },
      ),
    );
  });

  it("finds one sample that is wrong, in any block and channel", () => {
    fc.assert(
      fc.property(picture, fc.nat(3 * 4 * side * side - 1), (source, at) => {
        const big = roundUpscaled(new Float32Array(4 * source.data.length), source, 2);
        big.data[at]! += big.data[at]! > 200 ? -8 : 8;
        expect(worstBlockError(big, source, 2)).toBe(2);
      }),
    );
  });
});
