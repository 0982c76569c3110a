import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster, maxSampleOf, rastersEqual } from "../raster.js";
import { arbitraryRaster } from "../testing/arbitraries.js";
import { findBlockMismatch } from "../verify.js";
import { createUpscaleRounder, roundBlockRow, roundUpscaled } from "./upscale.js";

const upscales = fc
  .record({
    source: arbitraryRaster({ maxWidth: 4, maxHeight: 4 }),
    factor: fc.constantFrom(2, 4, 8),
  })
  .chain(({ source, factor }) => {
    const max = maxSampleOf(source.depth);
    const length = source.data.length * factor * factor;
    return fc.record({
      source: fc.constant(source),
      factor: fc.constant(factor),
      prediction: fc.oneof(
        fc
          .array(fc.double({ min: -0.5 * max, max: 1.5 * max, noNaN: true }), {
            minLength: length,
            maxLength: length,
          })
          .map((values) => Float32Array.from(values)),
        fc.constantFrom(-1e6, 0, max / 3, max, 1e6).map((v) => new Float32Array(length).fill(v)),
        fc.constant(Float32Array.from({ length }, (_, i) => (i % 2) * max)),
      ),
    });
  });

describe("rounding an upscale", () => {
  it("keeps every block's average exactly, whatever was predicted, at 8 and 16 bits, alpha included", () => {
    fc.assert(
      fc.property(upscales, ({ source, factor, prediction }) => {
        const big = roundUpscaled(prediction, source, factor);
        expect(findBlockMismatch(big, source, factor)).toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  it("leaves a prediction alone that is already a consistent integer picture", () => {
    fc.assert(
      fc.property(arbitraryRaster({ maxWidth: 5, maxHeight: 5 }), (source) => {
        const { width, height, channels } = source;
        const length = source.data.length * 4;
        const repeated = Float32Array.from({ length }, (_, i) => {
          const channel = i % channels;
          const x = Math.floor(i / channels) % (width * 2);
          const y = Math.floor(i / channels / (width * 2));
          return source.data[((y >> 1) * width + (x >> 1)) * channels + channel]!;
        });
        const big = roundUpscaled(repeated, source, 2);
        expect(big).toMatchObject({ width: width * 2, height: height * 2 });
        expect(Array.from(big.data)).toEqual(Array.from(repeated));
      }),
    );
  });

  it("reads planar predictions row by row to the same picture", () => {
    fc.assert(
      fc.property(upscales, ({ source, factor, prediction }) => {
        const { width, height, channels, depth } = source;
        const outWidth = width * factor;
        const area = outWidth * height * factor;
        const planar = Float32Array.from(prediction, (_, i) => {
          return prediction[(i % area) * channels + Math.floor(i / area)]!;
        });
        const output = createRaster(outWidth, height * factor, channels, depth);
        const rounder = createUpscaleRounder(factor);
        for (let row = 0; row < height; row++) {
          const rowRequest = {
            prediction: {
              data: planar,
              offset: row * factor * outWidth,
              rowStride: outWidth,
              pixelStride: 1,
              channelStride: area,
            },
            source: source.data,
            sourceOffset: row * width * channels,
            ...{ width, channels, factor, maxSample: maxSampleOf(depth) },
            output: output.data,
            outputOffset: row * factor * outWidth * channels,
          };
          roundBlockRow(rowRequest, rounder);
        }
        expect(rastersEqual(output, roundUpscaled(prediction, source, factor))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("refuses a prediction of another length, or one that is not finite", () => {
    const source = createRaster(2, 2, 1, 8);
    expect(() => roundUpscaled(new Float32Array(15), source, 2)).toThrow(/16 predicted.*got 15/);
    const broken = new Float32Array(16).fill(Number.NaN);
    expect(() => roundUpscaled(broken, source, 2)).toThrow(/wrong result/);
  });
});
