import { beforeAll, describe, expect, it } from "vitest";
import {
  cropRaster,
  rastersEqual,
  type BitDepth,
  type ChannelCount,
} from "../../src/core/raster.js";
import { runExtend, type ExtendRequest } from "../../src/engine/jobs/run-extend.js";
import { runGenerate } from "../../src/engine/jobs/run-generate.js";
import type { LoadedModel } from "../../src/engine/jobs/prompts.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { findBlockMismatch } from "../../src/core/verify.js";
import { openDebugModel } from "./debug-bundle.js";
import { quietContext, testPicture } from "./pictures.js";

let loaded: LoadedModel;
beforeAll(async () => {
  const model = await openDebugModel();
  loaded = { model, prompts: new PromptEncoder(model) };
});

const request: ExtendRequest = {
  prompt: "a dog",
  negativePrompt: "",
  seed: 3,
  guidance: 1,
  temperature: 1,
  topK: 0,
  topP: 1,
  left: 0,
  top: 0,
  right: 0,
  bottom: 0,
};

describe("an extended picture", () => {
  it("keeps the picture bit for bit, whatever its kind, and draws around it", async () => {
    const cases: [number, number, ChannelCount, BitDepth, Partial<ExtendRequest>][] = [
      [40, 31, 3, 8, { left: 9, bottom: 5 }],
      [33, 50, 4, 16, { right: 21, top: 1 }],
      [20, 20, 1, 8, { left: 12, top: 12, right: 12, bottom: 12 }],
      [70, 12, 2, 8, { right: 40 }],
    ];
    for (const [width, height, channels, depth, margins] of cases) {
      const original = testPicture(width, height, channels, depth);
      const extended = await runExtend(
        loaded,
        original,
        { ...request, ...margins },
        quietContext(),
      );
      const { left = 0, top = 0, right = 0, bottom = 0 } = margins;
      const [{ raster }] = extended.variations as [(typeof extended.variations)[0]];
      expect([raster.width, raster.height]).toEqual([left + width + right, top + height + bottom]);
      expect(extended.rect).toEqual({
        x: 0 - left,
        y: 0 - top,
        width: raster.width,
        height: raster.height,
      });
      const inner = cropRaster(raster, { x: left, y: top, width, height });
      expect(rastersEqual(inner, original)).toBe(true);
      const repeated = cropRaster(original, extended.rect);
      expect(rastersEqual(raster, repeated)).toBe(false);
    }
  });

  it("goes on at its border as in a mirror, without a seam", async () => {
    const original = testPicture(64, 48, 3, 8);
    const { rect, variations } = await runExtend(
      loaded,
      original,
      { ...request, right: 16, left: 16 },
      quietContext(),
    );
    const { data } = variations[0]!.raster;
    const pixel = (x: number, y: number) => [
      ...data.subarray(3 * (y * rect.width + x), 3 * (y * rect.width + x) + 3),
    ];
    const steps = Array.from({ length: 48 }, (_, y) => [
      ...pixel(80, y).map((value, channel) => Math.abs(value - pixel(79, y)[channel]!)),
      ...pixel(15, y).map((value, channel) => Math.abs(value - pixel(16, y)[channel]!)),
    ]).flat();
    expect(Math.max(...steps)).toBeLessThan(48);
    expect(steps.reduce((sum, step) => sum + step, 0) / steps.length).toBeLessThan(12);
  });

  it("stays opaque where it was, and transparent where its border is", async () => {
    const original = testPicture(30, 30, 4, 8);
    original.data.forEach((_, at) => {
      if (at % 4 === 3) original.data[at] = 255;
    });
    const wider = { ...request, right: 8 };
    const { variations } = await runExtend(loaded, original, wider, quietContext());
    const { data } = variations[0]!.raster;
    expect(data.filter((_, at) => at % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
  });

  it("comes in variations, each the same alone and among others, in several regions", async () => {
    const original = testPicture(60, 40, 3, 8);
    const wider = { ...request, right: 16, top: 10, variations: 3 };
    const { variations } = await runExtend(loaded, original, wider, quietContext());
    expect(variations[0]!.codes.length).toBeGreaterThan(1);
    expect(rastersEqual(variations[0]!.raster, variations[1]!.raster)).toBe(false);
    const last = { ...wider, variations: 1, firstVariation: 2 };
    const alone = await runExtend(loaded, original, last, quietContext());
    expect(alone.variations[0]).toEqual(variations[2]);
  });

  it("starts from the layout of another", async () => {
    const original = testPicture(60, 40, 3, 8);
    const wider = { ...request, right: 16, top: 10 };
    const { tokensPerScale, scaleCount } = loaded.model.layout;
    const first = await runExtend(loaded, original, wider, quietContext());
    const scales = scaleCount - 1;
    const codes = first.variations[0]!.codes.flatMap((own) => [
      ...own.subarray(0, scales * tokensPerScale),
    ]);
    const again = { ...wider, seed: 5, startCodes: { scales, codes } };
    const second = await runExtend(loaded, original, again, quietContext());
    const [a, b] = [first.variations[0]!.codes[0]!, second.variations[0]!.codes[0]!];
    expect(b.subarray(0, scales * tokensPerScale)).toEqual(a.subarray(0, scales * tokensPerScale));
    expect(b).not.toEqual(a);
    const short = { ...again, startCodes: { scales, codes: codes.slice(1) } };
    await expect(runExtend(loaded, original, short, quietContext())).rejects.toMatchObject({
      code: "REQUEST_INVALID",
    });
  });

  it("shows previews in pixels of the picture as it was", async () => {
    const original = testPicture(40, 40, 3, 8);
    const rects: number[] = [];
    const context = {
      ...quietContext(),
      onPreview: (_scale: number, rect: { x: number }) => rects.push(rect.x),
    };
    await runExtend(loaded, original, { ...request, left: 10 }, context);
    expect(Math.min(...rects)).toBe(-10);
  });

  it("is refused beyond the limits", async () => {
    const original = testPicture(10, 10, 1, 8);
    const huge = { ...request, right: 65_000, bottom: 65_000 };
    await expect(runExtend(loaded, original, huge, quietContext())).rejects.toMatchObject({
      code: "IMAGE_TOO_LARGE",
    });
  });
});

describe("a generated picture of another size", () => {
  it("holds the drawn one: its blocks average to it", async () => {
    const [small] = await runGenerate(loaded, request, quietContext());
    const [large] = await runGenerate(loaded, { ...request, factor: 4 }, quietContext());
    expect(large!.codes).toEqual(small!.codes);
    expect(large!.raster.width).toBe(4 * small!.raster.width);
    expect(findBlockMismatch(large!.raster, small!.raster, 4)).toBeNull();
  });
});
