import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { frozenBlockSide } from "../../src/core/layout.js";
import { planEditRegion } from "../../src/core/plan/region.js";
import { pasteRaster } from "../../src/core/raster.js";
import { findBlockMismatch, findFrozenMismatch, findOutsideChange } from "../../src/core/verify.js";
import { readPrompts } from "../../src/engine/ar/sequences.js";
import { largestDifference, verifyModel } from "../../src/engine/bundle/golden.js";
import { listBundles, summariseBundle } from "../../src/engine/bundle/list-bundles.js";
import { Model } from "../../src/engine/bundle/model.js";
import { runEdit } from "../../src/engine/edit/run-edit.js";
import type { LoadedModel } from "../../src/engine/jobs/prompts.js";
import { runGenerate } from "../../src/engine/jobs/run-generate.js";
import { runUpscale } from "../../src/engine/jobs/run-upscale.js";
import { scaleThumbnails } from "../../src/engine/store/scale-thumbnails.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { draws } from "../../src/shared/models.js";
import { openModel } from "../engine/debug-bundle.js";
import { quietContext, testPicture } from "../engine/pictures.js";
import { hasTraining, runTraining } from "../support/training.js";

/** What each kind of recipe can do beside editing and generating. */
const KINDS = {
  "parti-vit-vqgan-text-350m": { enlarges: "no", classes: false },
  "ar-vit-vqgan-class-650m": { enlarges: "no", classes: true },
  "ar-sit-4-class-350m": { enlarges: "creatively", classes: true },
  "sit-4-256": { enlarges: "creatively", classes: false },
  "sit-4-256-cdf97": { enlarges: "creatively", classes: false },
  "pyramid-sc-5-256": { enlarges: "creatively", classes: false },
  "studio-128-parallel": { enlarges: "faithfully", classes: false },
  "studio-128-no-exact-context": { enlarges: "faithfully", classes: false },
  "studio-128-no-masked-suffix": { enlarges: "creatively", classes: false },
  "studio-128-fsq": { enlarges: "faithfully", classes: false },
} as const;
const names = Object.keys(KINDS) as (keyof typeof KINDS)[];

const sampling = { seed: 3, guidance: 2, temperature: 1, topK: 0, topP: 0.95 };

describe.skipIf(!hasTraining)("a bundle of any recipe, exported with untrained weights", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bundles-"));
    await runTraining("tests/tiny_bundles.py", "--out", folder, ...names);
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const open = async (name: string): Promise<LoadedModel> => {
    const model = await openModel(join(folder, name));
    return { model, prompts: new PromptEncoder(model) };
  };

  it("is listed with what it can do", async () => {
    const { bundles, problems } = await listBundles([folder]);
    expect(problems).toEqual([]);
    expect(bundles.map(({ manifest }) => manifest.id).sort()).toEqual([...names].sort());
    for (const bundle of bundles) {
      const summary = summariseBundle(bundle, false);
      if (!draws(summary)) throw new RangeError(`${summary.name} only enlarges`);
      const { canEnlarge, classes, factors, layout } = summary;
      const kind = KINDS[bundle.manifest.id as keyof typeof KINDS];
      expect(canEnlarge).toBe(kind.enlarges === "faithfully");
      expect((factors ?? []).length > 0).toBe(canEnlarge);
      expect(classes !== undefined).toBe(kind.classes);
      expect(layout.scales === 1).toBe(kind.enlarges === "no");
    }
  });

  it.each(names)("%s computes what PyTorch recorded", async (name) => {
    const { model } = await open(name);
    await verifyModel(model);
    await model.release();
  });

  it.each(names)("%s draws pictures, the same again for a seed", async (name) => {
    const loaded = await open(name);
    const prompt = KINDS[name].classes ? "forest" : "a dog";
    const request = { ...sampling, prompt, negativePrompt: "", factor: 2 as const };
    const draw = async (seed: number, prompt: string) =>
      (await runGenerate(loaded, { ...request, seed, prompt }, quietContext()))[0]!.raster;
    const first = await draw(1, prompt);
    expect([first.width, first.height]).toEqual([64, 64]);
    expect(await draw(1, prompt)).toEqual(first);
    expect(await draw(2, prompt)).not.toEqual(first);
    await loaded.model.release();
  });

  it.each(names)("%s edits a picture larger than its own and keeps the rest", async (name) => {
    const loaded = await open(name);
    const { layout } = loaded.model;
    const original = testPicture(90, 70, 3, 8);
    const rect = { x: 10, y: 8, width: 60, height: 50 };
    const mask = { rect, alpha: new Uint8Array(60 * 50).fill(255) };
    const prompt = KINDS[name].classes ? "beech" : "a dog";
    const size = { imageWidth: 90, imageHeight: 70, maskBounds: rect };
    const region = planEditRegion({ ...size, layout });
    const { scaleStd } = loaded.model.manifest.normalisation;
    expect(scaleThumbnails(original, rect, layout, scaleStd)).toHaveLength(layout.scaleCount);
    for (const mode of ["redraw", "remove"] as const) {
      const frozenScales = mode === "remove" ? 0 : layout.scaleCount - 1;
      const request = { ...sampling, mask, frozenScales, prompt, negativePrompt: "", feather: 0 };
      const { rect: place, variations } = await runEdit(
        loaded,
        original,
        { ...request, ...(mode === "remove" && { mode }) },
        quietContext(),
      );
      const { patch, changedPixels } = variations[0]!;
      expect(changedPixels).toBeGreaterThan(0);
      const edited = pasteRaster(original, patch, place.x, place.y);
      expect(findOutsideChange(edited, original, mask)).toBeNull();
      const side = frozenBlockSide(layout, frozenScales);
      if (side === null) continue;
      expect(findFrozenMismatch(edited, original, region.rect, side * region.factor)).toBeNull();
    }
    await loaded.model.release();
  });

  it.each(names)("%s enlarges as far as it was trained to, and says so", async (name) => {
    const loaded = await open(name);
    const { enlarges } = KINDS[name];
    const small = testPicture(20, 15, 3, 8);
    const upscale = (creativity: number) => {
      const request = { ...sampling, factor: 2 as const, creativity, prompt: "" };
      return runUpscale(loaded, small, request, quietContext());
    };
    if (enlarges === "faithfully") {
      expect(findBlockMismatch(await upscale(0), small, 2)).toBeNull();
    } else {
      await expect(upscale(0)).rejects.toThrow(/trained to enlarge/);
    }
    if (enlarges === "no") await expect(upscale(0.5)).rejects.toThrow(/one scale only/);
    else expect(findBlockMismatch(await upscale(0.5), small, 2)).toBeNull();
    await loaded.model.release();
  });
});

/** With and without turned keys, and with given tokens on all sides. */
const decodable = ["studio-128", "studio-128-rotary"];

describe.skipIf(!hasTraining)("a bundle with weights for the app's own decoder", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bundles-"));
    const precision = ["--ar-precision", "int8-blocks"];
    await runTraining("tests/tiny_bundles.py", "--out", folder, ...precision, ...decodable);
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(decodable)("%s is drawn by it, with the logits of the bundle's graph", async (name) => {
    const model = await openModel(join(folder, name));
    expect(await model.decoder()).not.toBeNull();
    await verifyModel(model);
    const { arWeights: _, ...manifest } = model.manifest;
    const graph = new Model({ ...model.bundle, manifest }, "cpu");
    const codes = Int32Array.from({ length: model.layout.tokenCount }, (_, token) => token % 16);
    const isDrawn = codes.map((_, token) => (token % 3 === 0 ? 1 : 0));
    const prompt = await new PromptEncoder(model).encode("a dog");
    const logits = [];
    for (const own of [model, graph]) {
      const sequences = (await readPrompts(own, [prompt])).open(Uint8Array.from(isDrawn));
      const kept = [];
      for (const token of codes.keys()) {
        const [rows = []] = await sequences.logitsOf([token], codes);
        kept.push(rows[0]!.slice());
      }
      sequences.release();
      logits.push(kept);
    }
    const [ours, theirs] = logits as [Float32Array[], Float32Array[]];
    const differences = ours.map((row, token) => largestDifference(row, theirs[token]!));
    expect(Math.max(...differences)).toBeLessThan(0.05);
    await model.release();
    await graph.release();
  });
});
