import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  createRaster,
  extractChannel,
  rastersEqual,
  type BitDepth,
  type ChannelCount,
  type Raster,
} from "../../src/core/raster.js";
import { arbitraryRaster } from "../../src/core/testing/arbitraries.js";
import { findBlockMismatch } from "../../src/core/verify.js";
import type { JobContext, JobProgress } from "../../src/engine/jobs/job-context.js";
import { runUpscale, type UpscaleRequest } from "../../src/engine/jobs/run-upscale.js";
import { openUpscalers, type Upscalers } from "./debug-bundle.js";
import { quietContext, testPicture } from "./pictures.js";

let loaded: Upscalers;
beforeAll(async () => {
  loaded = await openUpscalers();
});

const defaults: UpscaleRequest = { factor: 2, creativity: 0, prompt: "", seed: 1, guidance: 1 };
function upscale(
  by: keyof Upscalers,
  raster: Raster,
  request: Partial<UpscaleRequest>,
  context: JobContext = quietContext(),
): Promise<Raster> {
  return runUpscale(loaded[by], raster, { ...defaults, ...request }, context);
}

const factors = fc.constantFrom<2 | 4 | 8>(2, 4, 8);
const kinds = fc.tuple(fc.constantFrom<ChannelCount>(1, 2, 3, 4), fc.constantFrom<BitDepth>(8, 16));
/** Every size down to a single pixel, lines and odd sides included. */
const sides = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }) }, fc.constant(1));

describe.each(["network", "decoder"] as const)("an upscale by the %s", (by) => {
  it("averages back to the source exactly, for any size, depth and channels", async () => {
    await fc.assert(
      fc.asyncProperty(sides, sides, kinds, factors, async (width, height, kind, factor) => {
        const small = testPicture(width, height, ...kind);
        const big = await upscale(by, small, { factor });
        expect([big.width, big.height]).toEqual([width * factor, height * factor]);
        expect(findBlockMismatch(big, small, factor)).toBeNull();
      }),
      { numRuns: 40 },
    );
  });

  it("does so for black, white, checkerboards, saturated colours and noise", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRaster({ maxWidth: 12 }), factors, async (small, factor) => {
        expect(findBlockMismatch(await upscale(by, small, { factor }), small, factor)).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  it("does so with invented details, the same again for a seed, alpha left faithful", async () => {
    const small = testPicture(19, 11, 4, 8);
    const faithful = await upscale(by, small, { factor: 4 });
    const request = { factor: 4 as const, creativity: 0.7, prompt: "a dog", guidance: 2 };
    const creative = await upscale(by, small, request);
    expect(findBlockMismatch(creative, small, 4)).toBeNull();
    expect(rastersEqual(creative, faithful)).toBe(false);
    expect(extractChannel(creative, 3)).toEqual(extractChannel(faithful, 3));
    expect(rastersEqual(creative, await upscale(by, small, request))).toBe(true);
    expect(rastersEqual(creative, await upscale(by, small, { ...request, seed: 2 }))).toBe(false);
  });

  it("moves steadily from faithful to drawn with creativity", async () => {
    const small = testPicture(24, 20, 3, 16);
    const pictures: Raster[] = [];
    for (const creativity of [0, 0.25, 0.5, 0.75, 1]) {
      pictures.push(await upscale(by, small, { creativity }));
    }
    const distances = pictures.map((picture) => meanDifference(picture, pictures[0]!));
    expect(distances[0]).toBe(0);
    distances.slice(1).forEach((distance, i) => expect(distance).toBeGreaterThan(distances[i]!));
    // In between it is where the share says, but for what was cut off at black and white.
    expect(distances[2]! / distances[4]!).toBeCloseTo(0.5, 1);
  });

  it("keeps opaque pixels opaque and one colour one colour", async () => {
    const rgba = testPicture(40, 20, 4, 8);
    const opaque = rgba.data.map((value, i) => (i % 4 === 3 ? 255 : value));
    const big = await upscale(by, createRaster(40, 20, 4, 8, opaque), {});
    expect(extractChannel(big, 3).every((alpha) => alpha === 255)).toBe(true);
    const flat = createRaster(9, 9, 1, 16, new Uint16Array(81).fill(12_345));
    const bigFlat = await upscale(by, flat, { factor: 8 });
    expect(bigFlat.data.every((value) => value === 12_345)).toBe(true);
  });

  it("makes any size, exact where it is a power of two", async () => {
    const small = testPicture(21, 13, 3, 8);
    const doubled = await upscale(by, small, {});
    const named = await upscale(by, small, { factor: 8, size: { width: 42, height: 26 } });
    expect(rastersEqual(named, doubled)).toBe(true);
    for (const size of [
      { width: 22, height: 13 },
      { width: 50, height: 31 },
      { width: 168, height: 9 },
    ]) {
      const big = await upscale(by, small, { size });
      expect([big.width, big.height]).toEqual([size.width, size.height]);
      // Areas are kept: the mean of the whole picture moves by rounding alone.
      expect(Math.abs(mean(big) - mean(small))).toBeLessThan(0.1);
    }
  });

  it("averages back exactly at every whole number of times the size, drawn or not", async () => {
    const times = fc.constantFrom(3, 5, 6, 7);
    const creativities = fc.constantFrom(0, 0, 1);
    await fc.assert(
      fc.asyncProperty(
        arbitraryRaster({ maxWidth: 12 }),
        times,
        creativities,
        async (small, n, c) => {
          const size = { width: small.width * n, height: small.height * n };
          const big = await upscale(by, small, { size, creativity: c });
          expect(findBlockMismatch(big, small, n)).toBeNull();
        },
      ),
      { numRuns: 30 },
    );
  });

  it("tells finished pixels and megapixels a second, and stops between tiles when cancelled", async () => {
    const controller = new AbortController();
    const told: JobProgress[] = [];
    let milliseconds = 0;
    const context: JobContext = {
      ...quietContext(controller.signal),
      // Every look at the clock finds 40 ms gone.
      clock: () => (milliseconds += 40),
      onProgress: (progress) => {
        if (progress.stage !== "upscaling") return;
        told.push(progress);
        if (told.length === 3) controller.abort();
      },
    };
    // Several tiles, however large this machine's speed has made them so far.
    const [width, height] = [1300, 1200];
    const ended = upscale(by, testPicture(width, height, 3, 8), {}, context).then(
      () => "finished",
      (error: Error) => error.name,
    );
    expect(await ended).toBe("AbortError");
    expect(told).toHaveLength(3);
    for (const { done, total, rate } of told) {
      expect(total).toBe(4 * width * height);
      expect(done).toBeLessThan(total);
      expect(rate!.unit).toBe("megapixels");
      expect(rate!.value).toBeGreaterThan(0);
    }
  });

  it("refuses a result beyond the limits before it spends memory", async () => {
    const code = (raster: Raster, request: Partial<UpscaleRequest>) =>
      upscale(by, raster, request).then(
        () => null,
        (error: { code?: string }) => error.code,
      );
    const wide = createRaster(20_000, 10, 1, 8);
    expect(await code(wide, { factor: 4 })).toBe("IMAGE_TOO_LARGE");
    const large = createRaster(8_000, 8_000, 1, 8);
    const size = { width: 60_000, height: 60_000 };
    expect(await code(large, { size })).toBe("IMAGE_TOO_LARGE");
    expect(await code(testPicture(9, 9, 3, 8), { size })).toBe("REQUEST_INVALID");
  });
});

function meanDifference(a: Raster, b: Raster): number {
  let sum = 0;
  a.data.forEach((value, i) => (sum += Math.abs(value - b.data[i]!)));
  return sum / a.data.length;
}

function mean({ data }: Raster): number {
  let sum = 0;
  for (const value of data) sum += value;
  return sum / data.length;
}
