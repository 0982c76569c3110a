import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createRaster, extractChannel, rastersEqual } from "../../src/core/raster.js";
import { findBlockMismatch } from "../../src/core/verify.js";
import type { LoadedModel } from "../../src/engine/jobs/prompts.js";
import { runUpscale, type UpscaleRequest } from "../../src/engine/jobs/run-upscale.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { openDebugModel } from "./debug-bundle.js";
import { quietContext, testPicture } from "./pictures.js";

let loaded: LoadedModel;
beforeAll(async () => {
  const model = await openDebugModel();
  loaded = { model, prompts: new PromptEncoder(model) };
});

const defaults: UpscaleRequest = { factor: 2, creativity: 0, prompt: "", seed: 1, guidance: 1 };
const upscale = (raster: Parameters<typeof runUpscale>[1], request: Partial<UpscaleRequest>) =>
  runUpscale(loaded, raster, { ...defaults, ...request }, quietContext());

describe("an upscale", () => {
  it("averages back to the source exactly, for any size, depth and channels", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(1, 2, 3, 4),
        fc.constantFrom(8, 16),
        fc.constantFrom(2, 4, 8),
        async (width, height, channels, depth, factor) => {
          const small = testPicture(width, height, channels, depth);
          const big = await upscale(small, { factor: factor });
          expect([big.width, big.height]).toEqual([width * factor, height * factor]);
          expect(findBlockMismatch(big, small, factor)).toBeNull();
        },
      ),
      { numRuns: 30 },
    );
  });

  it("does the same with invented details", async () => {
    const small = testPicture(19, 11, 4, 8);
    const faithful = await upscale(small, { factor: 4 });
    const request = { factor: 4 as const, creativity: 0.7, prompt: "a dog", guidance: 2 };
    const creative = await upscale(small, request);
    expect(findBlockMismatch(creative, small, 4)).toBeNull();
    expect(rastersEqual(creative, faithful)).toBe(false);
    expect(extractChannel(creative, 3)).toEqual(extractChannel(faithful, 3));
    expect(rastersEqual(creative, await upscale(small, request))).toBe(true);
    expect(rastersEqual(creative, await upscale(small, { ...request, seed: 2 }))).toBe(false);
  });

  it("keeps opaque pixels opaque and one colour one colour", async () => {
    const rgba = testPicture(40, 20, 4, 8);
    const opaque = rgba.data.map((value, i) => (i % 4 === 3 ? 255 : value));
    const big = await upscale(createRaster(40, 20, 4, 8, opaque), {});
    expect(extractChannel(big, 3).every((alpha) => alpha === 255)).toBe(true);
    const flat = createRaster(9, 9, 1, 16, new Uint16Array(81).fill(12_345));
    expect((await upscale(flat, {})).data.every((value) => value === 12_345)).toBe(true);
  });

  it("shows no seam: neighbouring columns at tile borders differ no more than elsewhere", async () => {
    const width = 90;
    const data = Uint8Array.from({ length: width * 30 }, (_, i) => 40 + 2 * (i % width));
    const big = await upscale(createRaster(width, 30, 1, 8, data), { factor: 2 });
    const steps = Array.from({ length: big.width - 1 }, (_, x) => {
      let sum = 0;
      for (let y = 0; y < big.height; y++) {
        sum += Math.abs(big.data[y * big.width + x + 1]! - big.data[y * big.width + x]!);
      }
      return sum / big.height;
    });
    const inner = steps.slice(8, -8).sort((a, b) => a - b);
    expect(inner.at(-1)!).toBeLessThan(inner[Math.floor(inner.length / 2)]! + 12);
  });

  it("reports tiles and stops between them when it is cancelled", async () => {
    const controller = new AbortController();
    const done: number[] = [];
    const running = runUpscale(loaded, testPicture(120, 90, 3, 8), defaults, {
      ...quietContext(controller.signal),
      onProgress: ({ stage, done: tiles, total }) => {
        if (stage !== "upscaling") return;
        done.push(tiles);
        expect(tiles).toBeLessThanOrEqual(total);
        if (done.length === 3) controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(done).toHaveLength(3);
  });

  it("refuses a result beyond the limits before it spends memory", async () => {
    const wide = createRaster(20_000, 10, 1, 8);
    await expect(upscale(wide, { factor: 4 })).rejects.toMatchObject({ code: "IMAGE_TOO_LARGE" });
  });
});
