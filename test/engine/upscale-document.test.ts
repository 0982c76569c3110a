import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cropRaster } from "../../src/core/raster.js";
import { rectOfSize } from "../../src/core/rect.js";
import { toScreenPixels } from "../../src/core/screen-pixels.js";
import { findBlockMismatch } from "../../src/core/verify.js";
import { createEngine, readPicture, type Engine } from "../../src/engine/index.js";
import { createEngineClient, subscribeTo } from "../../src/shared/client.js";
import type { EngineApi } from "../../src/shared/api.js";
import type { Events } from "../../src/shared/events.js";
import { modelIdSchema, type DocumentId, type JobId } from "../../src/shared/ids.js";
import type { UpscaleJob } from "../../src/shared/jobs.js";
import { runUpscale } from "../../src/engine/jobs/run-upscale.js";
import { DocumentStore } from "../../src/engine/store/document-store.js";
import { upscaleToFile, type UpscaledRows } from "../../src/engine/upscale/upscale-to-file.js";
import { debugModelId, debugModelsDir, openUpscalers } from "./debug-bundle.js";
import { quietContext } from "./pictures.js";

let sessionDir = "";
let engine: Engine;
let api: EngineApi;
let documentId: DocumentId;
beforeAll(async () => {
  sessionDir = await mkdtemp(join(tmpdir(), "spectral-engine-"));
  engine = await createEngine({ modelsDir: debugModelsDir, sessionDir });
  api = createEngineClient(engine);
  const name = "flowers-96x64.jpg";
  const bytes = await readFile(new URL(`../../assets/samples/${name}`, import.meta.url));
  ({ documentId } = await api.openDocument({ name, bytes: Uint8Array.from(bytes) }));
});
afterAll(async () => {
  await engine.dispose();
  await rm(sessionDir, { recursive: true, force: true });
});

function request(): UpscaleJob {
  return {
    kind: "upscale",
    documentId,
    modelId: modelIdSchema.parse(debugModelId),
    factor: 2,
    creativity: 0,
    prompt: "",
    seed: 1,
    guidance: 1,
  };
}

async function run(job: UpscaleJob): Promise<Events["job-finished"]> {
  const ended = new Promise<Events["job-finished"]>((resolve, reject) => {
    subscribeTo(engine, "job-finished", resolve);
    subscribeTo(engine, "job-failed", ({ error }) => reject(new Error(error.message)));
  });
  await api.startJob(job);
  return ended;
}

async function pixels() {
  const options = { documentId, format: "png" as const, quality: 100, embedRecipe: false };
  return (await readPicture((await api.exportDocument(options)).bytes, "exported")).raster;
}

/** Pictures that wait to be accepted. */
const waiting = () => readdir(join(sessionDir, "rows")).catch(() => []);

async function inDocument(jobId: JobId) {
  const info = await api.acceptResult({ jobId });
  return { info, raster: await pixels() };
}

/** The names of files that a job has open while it runs. */
async function dying(start: () => Promise<UpscaledRows>): Promise<string[]> {
  const running = start();
  let names: string[] = [];
  while (names.length === 0) {
    names = (await waiting()).filter((name) => name.endsWith(".part"));
    await setImmediate();
  }
  await rm((await running).file.path);
  return names;
}

describe("an upscale of a document", () => {
  it("waits on disk, becomes the document's when it is accepted, and goes when it is not", async () => {
    const small = await pixels();
    const discarded = await run(request());
    expect(await waiting()).toHaveLength(1);
    await api.discardResult({ jobId: discarded.jobId });
    expect(await waiting()).toHaveLength(0);
    const { jobId, rgba } = await run(request());
    const { info, raster } = await inDocument(jobId);
    expect(await waiting()).toHaveLength(0);
    expect(info).toMatchObject({ width: 192, height: 128 });
    expect(findBlockMismatch(raster, small, 2)).toBeNull();
    expect(Buffer.compare(rgba, toScreenPixels(raster, rectOfSize(192, 128), 1).rgba)).toBe(0);
    await api.undo({ documentId });
  });

  it("leaves nothing on disk when it is cancelled", async () => {
    const cancelled = new Promise((resolve) => subscribeTo(engine, "job-cancelled", resolve));
    const { jobId } = await api.startJob({ ...request(), creativity: 1, prompt: "a dog" });
    const stop = subscribeTo(engine, "job-progress", ({ stage }) => {
      if (stage === "upscaling") void api.cancelJob({ jobId });
    });
    await cancelled;
    stop();
    expect(await waiting()).toHaveLength(0);
  });

  it.each([
    ["x2", 2, {}],
    ["x3, made from x4", 3, { size: { width: 288, height: 192 } }],
  ])("goes on after the rows that a process which died left behind: %s", async (_, side, sized) => {
    const { revision } = await api.getDocument({ documentId });
    const loaded = await openUpscalers();
    const raster = await pixels();
    const picture = { raster, owner: `${documentId}/${revision}` };
    const store = new DocumentStore(sessionDir);
    const { kind, documentId: own, modelId, ...rest } = request();
    expect([kind, own, modelId]).toEqual(["upscale", documentId, debugModelId]);
    const plain = { ...rest, ...sized };
    const whole = await runUpscale(loaded.network, raster, plain, quietContext());
    const half = 53 * whole.width * whole.channels;
    const [key] = await dying(() =>
      upscaleToFile(loaded.network, picture, plain, store, 64, quietContext()),
    );
    await writeFile(join(sessionDir, "rows", key!), whole.data.subarray(0, half));
    const told: number[] = [];
    const again = await upscaleToFile(loaded.network, picture, plain, store, 64, {
      ...quietContext(),
      onProgress: ({ done }) => told.push(done),
    });
    // 53 rows are 26 or 17 whole blocks: they are not made again.
    expect(told[0]).toBeGreaterThan(Math.floor(53 / side) * side * whole.width);
    const bytes = await readFile(again.file.path);
    expect(Buffer.compare(bytes, Uint8Array.from(whole.data))).toBe(0);
    const reduction = Math.ceil(whole.width / 64);
    const small = toScreenPixels(whole, rectOfSize(whole.width, whole.height), reduction);
    expect(Buffer.compare(again.shown.rgba, small.rgba)).toBe(0);
    await rm(again.file.path);
  });

  it("is previewed in part with the pixels that it will have", async () => {
    const rect = { x: 20, y: 11, width: 32, height: 24 };
    const sized = { ...request(), size: { width: 250, height: 140 } };
    const previews = {
      doubled: await api.previewUpscale({ request: request(), rect }),
      sized: await api.previewUpscale({ request: sized, rect }),
    };
    expect(previews.doubled).toMatchObject({ rect, width: 64, height: 48 });
    const { raster } = await inDocument((await run(request())).jobId);
    const part = cropRaster(raster, { x: 40, y: 22, width: 64, height: 48 });
    const shown = toScreenPixels(part, rectOfSize(64, 48), 1);
    expect(Buffer.compare(previews.doubled.rgba, shown.rgba)).toBe(0);
    await api.undo({ documentId });
    const whole = (await inDocument((await run(sized)).jobId)).raster;
    expect(whole).toMatchObject({ width: 250, height: 140 });
    const { width, height } = previews.sized;
    const [x, y] = [Math.floor((20 * 250) / 96), Math.floor((11 * 140) / 64)];
    const sizedPart = toScreenPixels(whole, { x, y, width, height }, 1);
    expect(Buffer.compare(previews.sized.rgba, sizedPart.rgba)).toBe(0);
    await api.undo({ documentId });
  });

  it("drops a preview when a newer one is asked for", async () => {
    const rect = { x: 0, y: 0, width: 96, height: 64 };
    const creative = { ...request(), creativity: 1, prompt: "a dog" };
    const older = api.previewUpscale({ request: creative, rect });
    const newer = api.previewUpscale({ request: request(), rect });
    await expect(older).rejects.toMatchObject({ code: "JOB_CANCELLED" });
    expect(await newer).toMatchObject({ width: 192, height: 128 });
  });
});
