import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromErrorData } from "../../src/core/errors.js";
import { createRaster, type BitDepth, type ChannelCount } from "../../src/core/raster.js";
import { rectOfSize } from "../../src/core/rect.js";
import { findBlockMismatch } from "../../src/core/verify.js";
import { openBundle } from "../../src/engine/bundle/bundle.js";
import { estimateMemory, requireFitting } from "../../src/engine/bundle/memory.js";
import { modelOf } from "../../src/engine/bundle/model.js";
import { runProbe } from "../../src/engine/device/run-probe.js";
import { createEngine, readPicture, type Engine } from "../../src/engine/index.js";
import type { LoadedToEnlarge } from "../../src/engine/jobs/prompts.js";
import { runUpscale, type UpscaleRequest } from "../../src/engine/jobs/run-upscale.js";
import type { Events } from "../../src/shared/events.js";
import { modelIdSchema, type DocumentId } from "../../src/shared/ids.js";
import type { UpscaleJob } from "../../src/shared/jobs.js";
import { UPSCALE_SPEEDS, type UpscaleSpeed } from "../../src/shared/models.js";
import { zipOf } from "../support/zip.js";
import { debugModelId, debugModelsDir, openUpscalers } from "./debug-bundle.js";
import { enlargingManifest, writeEnlargingBundle } from "./enlarging-bundle.js";
import { quietContext, testPicture } from "./pictures.js";

const flowers = new URL("../../assets/samples/flowers-96x64.jpg", import.meta.url);
/** Sorts before the bundle that draws. */
const freeId = modelIdSchema.parse("a-free");
const drawingId = modelIdSchema.parse(debugModelId);

let root = "";
let modelsDir = "";
let imported = "";
let engine: Engine;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "spectral-enlarging-"));
  modelsDir = join(root, "models");
  imported = join(root, "imported");
  await cp(join(debugModelsDir, debugModelId), join(modelsDir, debugModelId), { recursive: true });
  engine = await createEngine({
    modelsDir,
    importedModelsDir: imported,
    sessionDir: join(root, "session"),
  });
});
afterEach(async () => {
  await engine.dispose();
  await rm(root, { recursive: true, force: true, maxRetries: 10 });
});

async function openFlowers() {
  const bytes = Uint8Array.from(await readFile(flowers));
  const { raster } = await readPicture(bytes, "flowers.jpg");
  const { documentId } = await engine.api.openDocument({ name: "flowers.jpg", bytes });
  return { raster, documentId };
}

function upscale(documentId: DocumentId, changes: Partial<UpscaleJob> = {}): UpscaleJob {
  const about = { kind: "upscale", documentId, modelId: freeId, prompt: "", seed: 1 } as const;
  return { ...about, factor: 2, creativity: 0, guidance: 1, ...changes };
}

/** The end of a job: what it made, or why it made nothing. */
async function run(job: UpscaleJob) {
  const ended = new Promise<Events["job-finished"]>((resolve, reject) => {
    engine.subscribe("job-finished", (event) => resolve(event as Events["job-finished"]));
    engine.subscribe("job-failed", (event) => {
      reject(fromErrorData((event as Events["job-failed"]).error));
    });
  });
  await engine.api.startJob(job);
  return ended;
}

async function openFree(change?: Parameters<typeof writeEnlargingBundle>[2]) {
  const bundle = await openBundle(await writeEnlargingBundle(root, "free", change));
  const model = modelOf(bundle, "cpu");
  return { model, prompts: null } satisfies LoadedToEnlarge;
}

const faithfully: UpscaleRequest = { factor: 2, creativity: 0, prompt: "", seed: 1, guidance: 1 };

describe("a bundle that only enlarges", () => {
  it("is listed with its terms and factors, beside one that draws", async () => {
    await writeEnlargingBundle(modelsDir, freeId);
    const { models, modelProblems } = await engine.api.getEngineInfo({});
    expect(modelProblems).toEqual([]);
    expect(models.map(({ modelId, kind }) => [modelId, kind])).toEqual([
      [freeId, "enlarge"],
      [drawingId, undefined],
    ]);
    expect(models[0]).toMatchObject({
      licence: "CC0 1.0",
      data: [{ name: "Free photos", licence: "CC0 1.0", photos: 12 }],
      factors: [2, 4, 8],
      speeds: ["finest", "best", "fast"],
      isShipped: true,
    });
    // Of the one that draws: its networks' and its decoder's.
    expect(models[1]).toMatchObject({ factors: [2, 4, 8] });
  });

  it("upscales and previews the same pixels, and the picture is still in them", async () => {
    await writeEnlargingBundle(modelsDir, freeId);
    const { raster, documentId } = await openFlowers();
    const job = upscale(documentId);
    const rect = { x: 30, y: 20, width: 16, height: 16 };
    const preview = await engine.api.previewUpscale({ request: job, rect });
    expect(preview.seconds).toBeGreaterThan(0);
    const { jobId } = await run(job);
    const { history, width } = await engine.api.acceptResult({ jobId });
    expect([history.at(-1)?.kind, width]).toEqual(["upscale", 192]);
    const { bytes } = await engine.api.exportDocument({
      documentId,
      format: "png",
      quality: 90,
      embedRecipe: true,
    });
    const { raster: big } = await readPicture(bytes, "big.png");
    expect(findBlockMismatch(big, raster, 2)).toBeNull();
    const shown = Array.from(preview.rgba.subarray(0, 3));
    const at = (2 * rect.y * big.width + 2 * rect.x) * big.channels;
    expect(shown).toEqual(Array.from(big.data.subarray(at, at + 3)));
  });

  it.each<[ChannelCount, BitDepth]>([
    [1, 8],
    [2, 16],
    [4, 8],
    [3, 16],
  ])(
    "enlarges pictures of %i channels with %i bits as the full bundle does",
    async (channels, depth) => {
      const small = testPicture(21, 17, channels, depth);
      const free = await openFree();
      const { network } = await openUpscalers();
      for (const change of [{ factor: 4 as const }, { size: { width: 63, height: 51 } }]) {
        const request = { ...faithfully, ...change };
        const big = await runUpscale(free, small, request, quietContext());
        const expected = await runUpscale(network, small, request, quietContext());
        expect(big).toEqual(expected);
        const plain = createRaster(big.width, big.height, channels, depth, big.data);
        expect(findBlockMismatch(plain, small, big.width / small.width)).toBeNull();
      }
      await Promise.all([free.model.release(), network.model.release()]);
    },
  );

  it("refuses to draw details, and a factor that it has no network for", async () => {
    await writeEnlargingBundle(modelsDir, freeId, (manifest) => ({
      ...manifest,
      enlarge: manifest.enlarge.filter(({ factor }) => factor === 2),
    }));
    const { documentId } = await openFlowers();
    const creative = upscale(documentId, { creativity: 0.5 });
    const says = /creativity 0 .*a-free.* got 0\.5; set it to 0, or choose a model that draws/;
    await expect(run(creative)).rejects.toMatchObject({
      code: "REQUEST_INVALID",
      message: expect.stringMatching(says),
    });
    const rect = rectOfSize(16, 16);
    await expect(engine.api.previewUpscale({ request: creative, rect })).rejects.toThrow(says);
    await expect(run(upscale(documentId, { factor: 8 }))).rejects.toMatchObject({
      code: "REQUEST_INVALID",
      message: expect.stringMatching(/network for \(2\) but the size needs 8; choose another/),
    });
  });

  it("is refused for edits, removals, extensions and new pictures, before a job waits", async () => {
    await writeEnlargingBundle(modelsDir, freeId);
    const { documentId } = await openFlowers();
    const drawing = {
      modelId: freeId,
      prompt: "",
      negativePrompt: "",
      seed: 1,
      temperature: 1,
      topK: 0,
      topP: 1,
      guidance: 1,
    };
    const rect = rectOfSize(8, 8);
    const mask = { rect, alpha: new Uint8Array(64).fill(255) };
    const edit = {
      kind: "edit",
      documentId,
      mask,
      frozenScales: 0,
      feather: 0,
      ...drawing,
    } as const;
    const margins = { left: 8, top: 0, right: 0, bottom: 0 };
    for (const request of [
      edit,
      { ...edit, mode: "remove" } as const,
      { kind: "extend", documentId, ...margins, ...drawing } as const,
      { kind: "generate", ...drawing } as const,
    ]) {
      await expect(engine.api.startJob(request)).rejects.toMatchObject({
        code: "REQUEST_INVALID",
        message: `Expected a model that draws but a-free only enlarges; choose one that draws (${debugModelId}), or upscale with this one.`,
      });
    }
    const thumbnails = { documentId, revision: 0, modelId: freeId, region: rect };
    await expect(engine.api.readScaleThumbnails(thumbnails)).rejects.toThrow(/only enlarges/);
  });

  it("leaves devices to be tried with the one that draws, and can be tried itself", async () => {
    const folder = await writeEnlargingBundle(modelsDir, freeId);
    const probed: string[] = [];
    const other = await createEngine({
      modelsDir,
      sessionDir: join(root, "other"),
      prober: async ({ bundleFolder }) => {
        probed.push(bundleFolder);
        return { ok: false, reason: "only a test", isCrash: false };
      },
    });
    // Automatic choice measures all that there are, the processor too.
    await other.api.chooseDevice({ device: "auto" });
    await other.dispose();
    expect(new Set(probed)).toEqual(new Set([join(modelsDir, debugModelId)]));
    const outcome = await runProbe({ bundleFolder: folder, provider: "cpu" });
    expect(outcome).toMatchObject({ ok: true });
    expect(outcome.ok && outcome.passMs).toBeGreaterThan(0);
  });

  it("is estimated by its networks alone, and refused where it cannot fit", async () => {
    const about = await enlargingManifest("free");
    const needed = estimateMemory(about);
    expect(needed).toBeGreaterThan(0);
    const enlarge = about.enlarge.map((network) => ({ ...network, bytes: network.bytes + 1e9 }));
    expect(estimateMemory({ ...about, enlarge })).toBeGreaterThan(needed + 4e9);
    expect(() => requireFitting(about, needed)).toThrow(/model free .* needs about \d+ MB/);
  });
});

describe("the network for a speed", () => {
  /** Speed and bits of what is taken from networks of these speeds, each in 8 and in 32 bits. */
  async function taken(speeds: readonly UpscaleSpeed[], asked: UpscaleSpeed, depth: BitDepth = 8) {
    const { model } = await openFree((manifest) => ({
      ...manifest,
      enlarge: speeds.flatMap((speed) =>
        manifest.enlarge
          .filter(({ factor }) => factor === 2)
          .slice(0, 1)
          .flatMap((network) =>
            ["fp32", "int8"].map((precision) => ({ ...network, speed, precision })),
          ),
      ),
    }));
    const network = model.enlarger(2, asked, depth)?.network;
    return [network?.speed, network?.precision];
  }

  it("is the one made for it, in the bits that suit the picture", async () => {
    for (const speed of UPSCALE_SPEEDS) {
      expect(await taken(UPSCALE_SPEEDS, speed)).toEqual([speed, "int8"]);
      expect(await taken(UPSCALE_SPEEDS.toReversed(), speed, 16)).toEqual([speed, "fp32"]);
    }
  });

  it("is found in a bundle that has one for each speed and factor in all precisions", async () => {
    const { model } = await openFree((manifest) => ({
      ...manifest,
      enlarge: UPSCALE_SPEEDS.flatMap((speed) =>
        ([2, 4, 8] as const).flatMap((factor) =>
          ["fp32", "fp16", "int8"].map((precision) => ({
            ...manifest.enlarge[0]!,
            speed,
            factor,
            precision,
          })),
        ),
      ),
    }));
    expect(model.enlargers).toHaveLength(27);
    expect(model.enlarger(8, "finest", 8)?.network).toMatchObject({ speed: "finest", factor: 8 });
  });

  it("is the nearest other one where a bundle has none for it", async () => {
    expect(await taken(["fast", "best"], "finest")).toEqual(["best", "int8"]);
    expect(await taken(["finest", "fast"], "best")).toEqual(["fast", "int8"]);
    expect(await taken(["finest", "best"], "fast")).toEqual(["best", "int8"]);
    for (const speed of UPSCALE_SPEEDS) {
      for (const only of UPSCALE_SPEEDS) {
        expect(await taken([only], speed, 16)).toEqual([only, "fp32"]);
      }
    }
  });
});

describe("a network of such a bundle", () => {
  it("whose file was changed is found by its hash", async () => {
    const folder = await writeEnlargingBundle(modelsDir, freeId);
    const file = join(folder, "enlarge-best-x2.onnx");
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file, bytes);
    const { models, modelProblems } = await engine.api.getEngineInfo({});
    expect(models.map(({ modelId }) => modelId)).toEqual([drawingId]);
    expect(modelProblems).toMatchObject([{ code: "BUNDLE_DAMAGED" }]);
  });

  it("that is not what it says is refused before its first use", async () => {
    const asFour = await openFree((manifest) => ({
      ...manifest,
      enlarge: manifest.enlarge.flatMap((network) =>
        network.factor === 2 ? [{ ...network, factor: 4 }] : [],
      ),
    }));
    const small = testPicture(8, 8, 3, 8);
    const request = { ...faithfully, factor: 4 as const };
    await expect(runUpscale(asFour, small, request, quietContext())).rejects.toMatchObject({
      code: "ENGINE_OUTPUT_INVALID",
    });
    await asFour.model.release();
  });
});

describe("importing such a bundle", () => {
  const filesOf = async (folder: string) =>
    Promise.all(
      (await readdir(folder)).map(async (name) => ({
        name,
        content: Uint8Array.from(await readFile(join(folder, name))),
      })),
    );

  it("works from a folder and from a zip; it then upscales, and can be removed", async () => {
    const source = await writeEnlargingBundle(root, freeId);
    const zip = zipOf(await filesOf(source));
    for (const bring of [
      () => engine.importBundlePath(source),
      () => engine.api.importBundle({ name: "free.zip", bytes: zip }),
    ]) {
      expect(await bring()).toMatchObject({ modelId: freeId, kind: "enlarge", isShipped: false });
      const { documentId } = await openFlowers();
      expect(await run(upscale(documentId))).toMatchObject({ kind: "upscale" });
      await engine.api.removeBundle({ modelId: freeId });
      expect(await readdir(imported)).toEqual([]);
    }
  });

  it("leaves nothing of one with a foreign operator, a wrong network, no network, or another kind", async () => {
    const source = await writeEnlargingBundle(root, freeId);
    const refuse = async (code: string, words: RegExp) => {
      await expect(engine.importBundlePath(source)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(words),
      });
      expect(await readdir(imported).catch(() => [])).toEqual([]);
    };
    const about = await enlargingManifest(freeId);
    const say = (manifest: object) =>
      writeFile(join(source, "model.json"), JSON.stringify(manifest));

    await say({ ...about, enlarge: [] });
    await refuse("BUNDLE_UNSUPPORTED", /enlarge/);
    await say({ ...about, kind: "sharpen" });
    await refuse("BUNDLE_UNSUPPORTED", /kind: expected no kind, or the kind "enlarge"/);
    const [best, ...rest] = about.enlarge;
    if (best === undefined) throw new RangeError("the debug bundle has networks");
    await say({ ...about, enlarge: [{ ...best, factor: 8 }] });
    await refuse("ENGINE_OUTPUT_INVALID", /values of enlarged|keep the mean/);

    // Fields of a protobuf message may be repeated: one more graph with one node, `ReadFile`.
    const field = (number: number, content: Uint8Array) =>
      Uint8Array.of((number << 3) | 2, content.length, ...content);
    const extra = field(7, field(1, field(4, new TextEncoder().encode("ReadFile"))));
    const path = join(source, best.file);
    const bytes = Buffer.concat([await readFile(path), extra]);
    await writeFile(path, bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const changed = { ...best, sha256, bytes: bytes.byteLength };
    await say({ ...about, enlarge: [changed, ...rest] });
    await refuse("BUNDLE_UNSUPPORTED", /ReadFile/);
  });
});
