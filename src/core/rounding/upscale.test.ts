import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster, maxSampleOf, rastersEqual, type Raster } from "../raster.js";
import { arbitraryRaster } from "../testing/arbitraries.js";
import { findBlockMismatch } from "../verify.js";
import { roundToSum } from "./box-sum.js";
import { createUpscaleRounder, roundBlocks, roundUpscaled } from "./upscale.js";

/** A raster from its column `x` on. */
function view({ data, width, channels }: Raster, x: number) {
  return { data, offset: x * channels, rowStride: width * channels, pixelStride: channels };
}

function squares(values: ArrayLike<number>, targets: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value, i) => sum + (value - targets[i]!) ** 2, 0);
}

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

  it("gives the same for planar predictions, rectangle by rectangle, in any units", () => {
    fc.assert(
      fc.property(upscales, fc.nat(), ({ source, factor, prediction }, cut) => {
        const { width, height, channels, depth } = source;
        const outWidth = width * factor;
        const area = outWidth * height * factor;
        const planar = Float32Array.from(prediction, (_, i) => {
          return prediction[(i % area) * channels + Math.floor(i / area)]! * 4;
        });
        const output = createRaster(outWidth, height * factor, channels, depth);
        const rounder = createUpscaleRounder(factor);
        const left = cut % width;
        for (const [x, columns] of [
          [0, left],
          [left, width - left],
        ] as const) {
          roundBlocks(
            {
              prediction: {
                data: planar,
                offset: x * factor,
                rowStride: outWidth,
                pixelStride: 1,
                channelStride: area,
                scale: 1 / 4,
              },
              source: view(source, x),
              output: view(output, x * factor),
              ...{ width: columns, height, channels, factor, maxSample: maxSampleOf(depth) },
            },
            rounder,
          );
        }
        expect(rastersEqual(output, roundUpscaled(prediction, source, factor))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("rounds the blocks that have quick code of their own as close as any other block", () => {
    const blocks = fc
      .record({ max: fc.constantFrom(255, 65535), factor: fc.constantFrom(2, 4, 8) })
      .chain(({ max, factor }) => {
        const length = { minLength: factor ** 2, maxLength: factor ** 2 };
        return fc.record({
          ...{ max: fc.constant(max), factor: fc.constant(factor) },
          sample: fc.integer({ min: 0, max }),
          targets: fc.oneof(
            fc.array(fc.double({ min: 0, max, noNaN: true }), length),
            // Details of a few levels, as networks predict them, and ties.
            fc.array(fc.double({ min: -3, max: 3, noNaN: true }), length),
            fc.array(fc.integer({ min: 0, max: 8 }), length),
            fc.array(
              fc.nat(2).map((quarters) => quarters / 4),
              length,
            ),
          ),
        });
      });
    fc.assert(
      fc.property(blocks, ({ max, factor, sample, targets }) => {
        const depth = max === 255 ? 8 : 16;
        const source = createRaster(1, 1, 1, depth);
        source.data[0] = sample;
        const found = roundUpscaled(Float64Array.from(targets), source, factor).data;
        // What counts is the distance from the targets once they have the block's sum.
        const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length;
        const wanted = targets.map((target) => target - mean + sample);
        const best = roundToSum(targets, factor ** 2 * sample, 0, max);
        expect(Array.from(found).every((value) => value >= 0 && value <= max)).toBe(true);
        expect(squares(found, wanted)).toBeCloseTo(squares(best, wanted), 4);
      }),
      { numRuns: 2000 },
    );
  });

  it("repeats the pixels that it is told to", () => {
    const source = createRaster(2, 1, 1, 8, Uint8Array.of(9, 200));
    const output = createRaster(4, 2, 1, 8);
    const request = {
      prediction: {
        data: Float32Array.of(0, 4, 0, 4, 0, 4, 0, 4),
        ...{ offset: 0, rowStride: 4, pixelStride: 1, channelStride: 8, scale: 1 },
      },
      source: view(source, 0),
      output: view(output, 0),
      ...{ width: 2, height: 1, channels: 1, factor: 2, maxSample: 255 },
      isRepeated: Uint8Array.of(1, 0),
    };
    roundBlocks(request, createUpscaleRounder(2));
    expect([...output.data]).toEqual([9, 9, 198, 202, 9, 9, 198, 202]);
  });

  it("refuses a prediction of another length, or one that is not finite", () => {
    const source = createRaster(2, 2, 1, 8);
    expect(() => roundUpscaled(new Float32Array(15), source, 2)).toThrow(/16 predicted.*got 15/);
    const broken = new Float32Array(16).fill(Number.NaN);
    expect(() => roundUpscaled(broken, source, 2)).toThrow(/wrong result/);
  });
});
