import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster } from "../../core/raster.js";
import { documentIdSchema, modelIdSchema } from "../../shared/ids.js";
import type { EditJob } from "../../shared/jobs.js";
import { fingerprintOf, sameFingerprint } from "./fingerprint.js";
import { NO_METADATA } from "./metadata.js";
import { readRecipe } from "./read-recipe.js";
import type { Recipe } from "./recipe.js";
import { recordedRequestSchema, recordRequest, restoreRequest } from "./recorded-request.js";
import { sharp } from "./sharp.js";
import { writePicture } from "./write-picture.js";

const documentId = documentIdSchema.parse("d-1");
const raster = createRaster(6, 4, 3, 8);
const edit = (alpha: Uint8Array, width: number, prompt = 'a <b> & "c" é'): EditJob => ({
  kind: "edit",
  documentId,
  modelId: modelIdSchema.parse("m"),
  mask: { rect: { x: -3, y: 2, width, height: alpha.length / width }, alpha },
  frozenScales: 2,
  feather: 1.5,
  prompt,
  negativePrompt: "",
  seed: 7,
  guidance: 2,
  temperature: 1,
  topK: 0,
  topP: 0.9,
  scaleSampling: [null, { temperature: 0.5 }],
  startCodes: { scales: 1, codes: [3, 1, 2] },
});
const recipeOf = (...requests: EditJob[]): Recipe => ({
  format: "spectral-recipe",
  version: 1,
  software: "Spectral Studio",
  source: fingerprintOf(raster),
  result: fingerprintOf(raster),
  steps: requests.map((request) => ({ request: recordRequest(request), madeBy: null })),
});
const write = (recipe: Recipe, format: "png" | "jpeg" | "webp" | "tiff" | "avif") =>
  writePicture(raster, { format, quality: 90, metadata: NO_METADATA, recipe });

describe("a recorded request", () => {
  it("comes back whole, whatever the mask and the prompt", () => {
    const masks = fc
      .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
      .chain(([width, height]) => {
        const length = width * height;
        const alpha = fc.uint8Array({ minLength: length, maxLength: length });
        return fc.record({ width: fc.constant(width), alpha });
      });
    fc.assert(
      fc.property(
        masks,
        fc.string({ unit: "binary", maxLength: 40 }),
        ({ width, alpha }, prompt) => {
          const request = edit(alpha, width, prompt);
          const recorded = recordedRequestSchema.parse(
            JSON.parse(JSON.stringify(recordRequest(request))),
          );
          expect(restoreRequest(recorded, documentId, "a")).toEqual(request);
        },
      ),
    );
  });

  it("names no document, and packs a large mask into little", () => {
    const recorded = recordRequest(edit(new Uint8Array(4_000_000).fill(255), 2_000));
    expect(recorded).not.toHaveProperty("documentId");
    expect(JSON.stringify(recorded).length).toBeLessThan(8_000);
  });

  it("that was made to grow without end, or is none, is refused", () => {
    const good = recordRequest(edit(Uint8Array.of(1, 2), 2));
    for (const bad of [
      { ...good, mask: { rect: { x: 0, y: 0, width: 2, height: 1 }, alpha: { $bytes: "AAAA" } } },
      { ...good, mask: null },
      { ...good, seed: -1 },
      {},
    ]) {
      expect(() => restoreRequest(bad, documentId, "a.png")).toThrow(/a\.png/);
    }
  });
});

describe("a recipe in a file", () => {
  it.each(["png", "jpeg", "webp", "tiff", "avif"] as const)(
    "is read back from %s",
    async (format) => {
      const recipe = recipeOf(edit(Uint8Array.of(0, 9, 255, 4), 2));
      expect(await readRecipe(await write(recipe, format), "a")).toEqual(recipe);
    },
  );

  it("too long for a JPEG keeps its prompt, and says that its mask is missing", async () => {
    const noise = Uint8Array.from({ length: 250_000 }, (_, i) => (Math.sin(i) * 1e6) & 255);
    const recipe = recipeOf(edit(noise, 500));
    expect(await readRecipe(await write(recipe, "png"), "a")).toEqual(recipe);
    const [step] = (await readRecipe(await write(recipe, "jpeg"), "a")).steps;
    expect(step?.request).toMatchObject({ seed: 7, prompt: edit(noise, 500).prompt });
    expect(() => restoreRequest(step?.request ?? {}, documentId, "a.jpg")).toThrow(/no room/);
  });

  it("is missed, or found to be damaged, in words", async () => {
    const plain = await sharp(raster.data, { raw: { width: 6, height: 4, channels: 3 } })
      .png()
      .toBuffer();
    await expect(readRecipe(plain, "plain.png")).rejects.toThrow(/plain\.png.*says nothing/);
    await expect(readRecipe(Uint8Array.of(1, 2, 3), "x")).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
    });
    const bytes = await write(recipeOf(edit(Uint8Array.of(1), 1)), "png");
    const text = Buffer.from(bytes).toString("latin1");
    const newer = Buffer.from(text.replace('"version":1', '"version":2'), "latin1");
    await expect(readRecipe(newer, "newer.png")).rejects.toThrow(/another version/);
    const broken = Buffer.from(text.replace('"steps":[', '"steps":{'), "latin1");
    await expect(readRecipe(broken, "broken.png")).rejects.toThrow(/damaged/);
  });
});

describe("a fingerprint", () => {
  it("differs with any sample, with the size and with the depth", () => {
    const original = fingerprintOf(raster);
    expect(sameFingerprint(original, fingerprintOf(createRaster(6, 4, 3, 8)))).toBe(true);
    for (const other of [
      createRaster(4, 6, 3, 8),
      createRaster(6, 4, 3, 16),
      createRaster(6, 4, 3, 8, new Uint8Array(72).fill(1, 71)),
    ]) {
      expect(sameFingerprint(original, fingerprintOf(other))).toBe(false);
    }
  });
});
