import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { frozenBlockSide } from "../../src/core/layout.js";
import { maskedCells } from "../../src/core/mask/cells.js";
import { maskBounds, type Mask } from "../../src/core/mask/mask.js";
import { readModelImage } from "../../src/core/model-image.js";
import { pasteRaster, rastersEqual, type Raster } from "../../src/core/raster.js";
import { planEditRegion } from "../../src/core/plan/region.js";
import { findFrozenMismatch, findOutsideChange } from "../../src/core/verify.js";
import type { EditRequest } from "../../src/engine/edit/edit-request.js";
import { runEdit } from "../../src/engine/edit/run-edit.js";
import type { LoadedModel } from "../../src/engine/jobs/prompts.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { openDebugModel } from "./debug-bundle.js";
import { quietContext, testPicture } from "./pictures.js";

let loaded: LoadedModel;
beforeAll(async () => {
  const model = await openDebugModel();
  loaded = { model, prompts: new PromptEncoder(model) };
});

const defaults: Omit<EditRequest, "mask"> = {
  frozenScales: 2,
  prompt: "a dog",
  negativePrompt: "",
  seed: 7,
  guidance: 2,
  temperature: 1,
  topK: 0,
  topP: 0.95,
  feather: 0,
};

async function edit(original: Raster, request: EditRequest) {
  const { rect, variations } = await runEdit(loaded, original, request, quietContext());
  const result = { rect, ...variations[0]! };
  return { ...result, edited: pasteRaster(original, result.patch, result.rect.x, result.rect.y) };
}

/** A rectangle in the picture with holes and soft values in it. */
function maskIn(width: number, height: number, corners: readonly number[], noise: number): Mask {
  const [a = 0, b = 0, c = 0, d = 0] = corners;
  const x = Math.floor(Math.min(a, c) * width);
  const y = Math.floor(Math.min(b, d) * height);
  const rect = {
    x,
    y,
    width: Math.max(1, Math.floor(Math.abs(a - c) * width)),
    height: Math.max(1, Math.floor(Math.abs(b - d) * height)),
  };
  const alpha = Uint8Array.from({ length: rect.width * rect.height }, (_, i) =>
    i === 0 ? 255 : [255, 255, 128, 0, 255, 1][(i * noise) % 6]!,
  );
  return { rect, alpha };
}

describe("an edit", () => {
  it("draws tokens of masked cells only: all others are the picture's own", async () => {
    const { layout } = loaded.model;
    const original = testPicture(70, 50, 3, 8);
    const rect = { x: 20, y: 14, width: 21, height: 9 };
    const mask = { rect, alpha: new Uint8Array(rect.width * rect.height).fill(255) };
    const request = { ...defaults, mask, frozenScales: 1 };
    const { area, variations } = await runEdit(loaded, original, request, quietContext());
    const factor = area.width / layout.imageSize;
    const own = await loaded.model.encode(readModelImage(original, area, factor));
    const cells = maskedCells(mask, area, layout.grid);
    const changed = own.map((code, token) => (code === variations[0]!.codes[token] ? 0 : 1));
    const mayChange = (token: number) =>
      token >= layout.tokensPerScale && cells[token % layout.tokensPerScale] === 1;
    expect([...changed.keys()].filter((token) => changed[token] && !mayChange(token))).toEqual([]);
    expect(changed).toContain(1);
    expect(cells).toContain(0);
  });

  it("leaves pixels outside the mask and frozen blocks as they were, whatever is asked", async () => {
    const { layout } = loaded.model;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 90 }),
        fc.constantFrom(1, 2, 3, 4),
        fc.constantFrom(8, 16),
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: layout.scaleCount }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (width, height, channels, depth, corners, frozenScales, feather, noise) => {
          const original = testPicture(width, height, channels, depth);
          const mask = maskIn(width, height, corners, noise);
          const { edited } = await edit(original, { ...defaults, mask, frozenScales, feather });
          expect(findOutsideChange(edited, original, mask)).toBeNull();
          const side = frozenBlockSide(layout, frozenScales);
          const { rect, factor } = planEditRegion({
            imageWidth: width,
            imageHeight: height,
            maskBounds: trimmed(mask),
            layout,
          });
          if (side !== null) {
            expect(findFrozenMismatch(edited, original, rect, side * factor)).toBeNull();
          }
          if (frozenScales === layout.scaleCount) expect(rastersEqual(edited, original)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("changes the masked part", async () => {
    const original = testPicture(64, 48, 3, 8);
    const mask = maskIn(64, 48, [0.2, 0.2, 0.6, 0.7], 1);
    const { changedPixels } = await edit(original, { ...defaults, mask, frozenScales: 0 });
    expect(changedPixels).toBeGreaterThan(100);
  });

  it("gives the same pixels for the same request, and others for another seed", async () => {
    const original = testPicture(70, 50, 3, 8);
    const mask = maskIn(70, 50, [0.1, 0.1, 0.8, 0.9], 1);
    const first = await edit(original, { ...defaults, mask });
    const again = await edit(original, { ...defaults, mask });
    const other = await edit(original, { ...defaults, mask, seed: 8 });
    expect(rastersEqual(first.edited, again.edited)).toBe(true);
    expect(rastersEqual(first.edited, other.edited)).toBe(false);
  });

  it("shows one preview a drawn scale, coarse to fine, and counts every drawn token", async () => {
    const original = testPicture(64, 64, 3, 8);
    const mask = maskIn(64, 64, [0.3, 0.3, 0.5, 0.5], 1);
    const scales: number[] = [];
    const drawn: number[] = [];
    let total = 0;
    await runEdit(
      loaded,
      original,
      { ...defaults, mask, frozenScales: 1 },
      {
        ...quietContext(),
        onPreview: (scale, rect, { width, height, rgba }) => {
          scales.push(scale);
          expect(rgba).toHaveLength(width * height * 4);
          expect(rect.width).toBeGreaterThanOrEqual(width);
        },
        onProgress: (progress) => {
          if (progress.stage !== "drawing") return;
          drawn.push(progress.done);
          total = progress.total;
        },
      },
    );
    expect(scales).toEqual([1, 2, 3]);
    expect(drawn).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    expect(total % 3).toBe(0);
  });

  it.each([
    [1, 700, 640, 3, 8],
    [2, 701, 643, 4, 16],
    [3, 333, 517, 1, 16],
  ] as const)(
    "keeps the %i coarsest bands of the original's own pixels where the region was reduced several times over (%i x %i)",
    async (frozenScales, width, height, channels, depth) => {
      const { layout } = loaded.model;
      const original = testPicture(width, height, channels, depth);
      const mask = maskIn(width, height, [0, 0, 0.999, 0.999], 1);
      const request = { ...defaults, mask, frozenScales, feather: 5 };
      const { edited, changedPixels } = await edit(original, request);
      expect(findOutsideChange(edited, original, mask)).toBeNull();
      expect(changedPixels).toBeGreaterThan(10_000);
      const size = { imageWidth: width, imageHeight: height, layout };
      const { rect, factor } = planEditRegion({ ...size, maskBounds: maskBounds(mask)! });
      expect(factor).toBeGreaterThanOrEqual(16);
      // A band of the model is one of the picture, `factor` times as coarse.
      const side = frozenBlockSide(layout, frozenScales)! * factor;
      expect(findFrozenMismatch(edited, original, rect, side)).toBeNull();
      expect(findFrozenMismatch(edited, original, rect, side / 2)).not.toBeNull();
    },
  );

  it("stops between steps when it is cancelled", async () => {
    const original = testPicture(64, 64, 3, 8);
    const mask = maskIn(64, 64, [0.1, 0.1, 0.9, 0.9], 1);
    const controller = new AbortController();
    let steps = 0;
    const running = runEdit(
      loaded,
      original,
      { ...defaults, mask, frozenScales: 0 },
      {
        ...quietContext(controller.signal),
        onProgress: ({ stage }) => {
          if (stage === "drawing" && ++steps === 5) controller.abort();
        },
      },
    );
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(steps).toBe(5);
  });

  it("refuses an empty mask, a mask outside, and more frozen scales than there are", async () => {
    const original = testPicture(20, 20, 3, 8);
    const rect = { x: 0, y: 0, width: 2, height: 2 };
    const outside = { rect: { ...rect, x: 50 }, alpha: new Uint8Array(4).fill(255) };
    const empty = { rect, alpha: new Uint8Array(4) };
    for (const mask of [outside, empty]) {
      await expect(edit(original, { ...defaults, mask })).rejects.toMatchObject({
        code: "MASK_EMPTY",
      });
    }
    const mask = { rect, alpha: new Uint8Array(4).fill(255) };
    await expect(edit(original, { ...defaults, mask, frozenScales: 9 })).rejects.toMatchObject({
      code: "REQUEST_INVALID",
    });
  });
});

/** Bounds of the non-zero values, found the slow way. */
function trimmed({ rect, alpha }: Mask) {
  const points = [...alpha.keys()].filter((i) => alpha[i]! > 0);
  const xs = points.map((i) => rect.x + (i % rect.width));
  const ys = points.map((i) => rect.y + Math.floor(i / rect.width));
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x + 1, height: Math.max(...ys) - y + 1 };
}
