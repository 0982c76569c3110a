import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findBlockMismatch, findOutsideChange } from "../../src/core/verify.js";
import { createEngine, readPicture, type Engine } from "../../src/engine/index.js";
import { createEngineClient, subscribeTo } from "../../src/shared/client.js";
import type { EngineApi } from "../../src/shared/api.js";
import type { DocumentInfo } from "../../src/shared/documents.js";
import type { Events } from "../../src/shared/events.js";
import { documentIdSchema, jobIdSchema, modelIdSchema, type JobId } from "../../src/shared/ids.js";
import type { JobRequest } from "../../src/shared/jobs.js";
import { debugModelId, debugModelsDir } from "./debug-bundle.js";

const modelId = modelIdSchema.parse(debugModelId);
const samples = new URL("../../assets/samples/", import.meta.url);
const drawing = {
  prompt: "a dog",
  negativePrompt: "",
  seed: 7,
  guidance: 2,
  temperature: 1,
  topK: 0,
  topP: 0.95,
};

let sessionDir = "";
let engine: Engine;
let api: EngineApi;
beforeAll(async () => {
  sessionDir = await mkdtemp(join(tmpdir(), "spectral-engine-"));
  engine = await createEngine({ modelsDir: debugModelsDir, sessionDir });
  api = createEngineClient(engine);
});
afterAll(async () => {
  await engine.dispose();
  await rm(sessionDir, { recursive: true, force: true });
});

let document: DocumentInfo;
beforeEach(async () => {
  const name = "flowers-96x64.jpg";
  document = await api.openDocument({ name, bytes: await sample(name) });
});

async function sample(name: string) {
  return Uint8Array.from(await readFile(new URL(name, samples)));
}

/** Waits for the end of a job; a failure is thrown. */
function ended(jobId: JobId): Promise<Events["job-finished"] | "cancelled"> {
  return new Promise((resolve, reject) => {
    subscribeTo(engine, "job-finished", (event) => event.jobId === jobId && resolve(event));
    subscribeTo(engine, "job-cancelled", (event) => event.jobId === jobId && resolve("cancelled"));
    subscribeTo(engine, "job-failed", ({ jobId: id, error }) => {
      if (id === jobId) reject(new Error(`${error.code} ${error.message}`));
    });
  });
}

async function run(request: JobRequest): Promise<JobId> {
  const { jobId } = await api.startJob(request);
  expect(await ended(jobId)).not.toBe("cancelled");
  return jobId;
}

const mask = {
  rect: { x: 20, y: 10, width: 30, height: 30 },
  alpha: new Uint8Array(900).fill(255),
};
const editRequest = (): JobRequest => ({
  kind: "edit",
  documentId: document.documentId,
  modelId,
  mask,
  frozenScales: 2,
  feather: 3,
  ...drawing,
});

async function pixels() {
  const options = { documentId: document.documentId, quality: 100, embedRecipe: true };
  const { bytes } = await api.exportDocument({ ...options, format: "png" });
  return (await readPicture(bytes, "export")).raster;
}

describe("the engine", () => {
  it("tells its models and device", async () => {
    const { models, modelProblems, device } = await api.getEngineInfo({});
    expect(models.map((model) => model.modelId)).toEqual([debugModelId]);
    expect(models[0]).toMatchObject({
      layout: { imageSize: 32, scales: 4, patches: [1, 1, 2, 4] },
    });
    expect(modelProblems).toEqual([]);
    expect(device.provider).toBe("cpu");
  });

  it("edits, accepts, undoes, redoes and exports", async () => {
    const before = await pixels();
    const changes: number[] = [];
    const stop = subscribeTo(engine, "document-changed", (info) => changes.push(info.revision));
    const accepted = await api.acceptResult({ jobId: await run(editRequest()) });
    expect(accepted).toMatchObject({ revision: 1, canUndo: true, isDirty: true });
    expect(accepted.history.map(({ label }) => label)).toEqual(["Open", "Edit: a dog"]);
    const after = await pixels();
    expect(after.data).not.toEqual(before.data);
    expect(findOutsideChange(after, before, mask)).toBeNull();
    expect(await api.undo(document)).toMatchObject({ revision: 0, canRedo: true });
    expect((await pixels()).data).toEqual(before.data);
    await api.redo(document);
    expect((await pixels()).data).toEqual(after.data);
    expect(await api.markSaved({ ...document, revision: 1 })).toMatchObject({ isDirty: false });
    expect(changes).toEqual([1, 0, 1, 1]);
    stop();
  });

  it("upscales into the same document", async () => {
    const small = await pixels();
    const jobId = await run({
      kind: "upscale",
      documentId: document.documentId,
      modelId,
      factor: 2,
      creativity: 0,
      prompt: "",
      seed: 1,
      guidance: 1,
    });
    expect(await api.acceptResult({ jobId })).toMatchObject({ width: 192, height: 128 });
    expect(findBlockMismatch(await pixels(), small, 2)).toBeNull();
    expect(await api.undo(document)).toMatchObject({ width: 96, height: 64 });
  });

  it("generates a new document", async () => {
    const jobId = await run({ kind: "generate", modelId, ...drawing, prompt: "a dog/../on grass" });
    const made = await api.acceptResult({ jobId });
    expect(made).toMatchObject({ width: 32, height: 32, name: "a-dog-on-grass", isDirty: true });
    expect(made.documentId).not.toBe(document.documentId);
  });

  it("draws variations, of which any may be accepted, and starts another job from one", async () => {
    const shown: number[] = [];
    const stops = [
      subscribeTo(engine, "job-variation", ({ variation }) => shown.push(variation)),
      subscribeTo(engine, "job-finished", () => shown.push(0)),
    ];
    const jobId = await run({ ...editRequest(), variations: 3 } as JobRequest);
    for (const stop of stops) stop();
    expect(shown).toEqual([1, 2, 0]);
    await expect(api.acceptResult({ jobId, variation: 3 })).rejects.toMatchObject({
      code: "REQUEST_INVALID",
    });
    await api.acceptResult({ jobId, variation: 2 });
    const chosen = await pixels();
    await api.undo(document);
    const alone = { ...editRequest(), variations: 1, firstVariation: 2 } as JobRequest;
    await api.acceptResult({ jobId: await run(alone) });
    expect((await pixels()).data).toEqual(chosen.data);
    await api.undo(document);

    const startFrom = { jobId, variation: 2, scales: 3 };
    const again = { ...editRequest(), seed: 99, startFrom } as JobRequest;
    expect(await run(again)).not.toBe(jobId);
    const unknown = { ...startFrom, jobId: jobIdSchema.parse("j-none") };
    await expect(
      api.startJob({ ...again, startFrom: unknown } as JobRequest),
    ).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
    await expect(
      api.startJob({ ...again, startFrom: { ...startFrom, variation: 7 } } as JobRequest),
    ).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    // Another part of the picture has another layout.
    const elsewhere = { ...mask, rect: { ...mask.rect, x: 66, y: 34 } };
    await expect(run({ ...again, mask: elsewhere } as JobRequest)).rejects.toThrow(
      /REQUEST_INVALID.*same model and area/,
    );
  });

  it("starts from a variation that was accepted in a process that is gone, also in a second run", async () => {
    const { jobId } = await api.startJob({ ...editRequest(), variations: 2 } as JobRequest);
    await ended(jobId);
    const startFrom = { jobId, variation: 1, scales: 3 };
    const again = { ...editRequest(), seed: 99, startFrom } as JobRequest;
    await api.acceptResult({ jobId: await run(again) });
    const expected = await pixels();
    const { revision } = await api.undo(document);
    await api.discardResult({ jobId });

    const next = await createEngine({ modelsDir: debugModelsDir, sessionDir });
    const nextApi = createEngineClient(next);
    const done = new Promise<JobId>((resolve, reject) => {
      subscribeTo(next, "job-finished", (event) => resolve(event.jobId));
      subscribeTo(next, "job-failed", ({ error }) => reject(new Error(error.message)));
    });
    const lost = jobIdSchema.parse("j-lost");
    const failure = { code: "ENGINE_DIED" as const, message: "exit code 7", details: {} };
    await nextApi.resumeJob({ jobId: lost, request: again, revision, failure });
    expect(await done).toBe(lost);
    await nextApi.acceptResult({ jobId: lost });
    const options = { documentId: document.documentId, quality: 100, embedRecipe: false };
    const { bytes } = await nextApi.exportDocument({ ...options, format: "png" });
    expect((await readPicture(bytes, "export")).raster.data).toEqual(expected.data);
    await next.dispose();
  });

  it("extends a document", async () => {
    const margins = { left: 3, top: 0, right: 0, bottom: 5 };
    const jobId = await run({
      kind: "extend",
      documentId: document.documentId,
      modelId,
      ...drawing,
      ...margins,
    });
    expect(await api.acceptResult({ jobId })).toMatchObject({ width: 99, height: 69 });
    expect(await api.undo(document)).toMatchObject({ width: 96, height: 64 });
  });

  it("gives identical bytes for identical requests", async () => {
    const export2 = async () => {
      await api.acceptResult({ jobId: await run(editRequest()) });
      const { documentId } = document;
      const { bytes } = await api.exportDocument({
        documentId,
        format: "png",
        quality: 90,
        embedRecipe: true,
      });
      await api.undo({ documentId });
      return bytes;
    };
    expect(await export2()).toEqual(await export2());
  });

  it("keeps documents for the next engine on the same session folder", async () => {
    await api.acceptResult({ jobId: await run(editRequest()) });
    const before = await pixels();
    const next = await createEngine({ modelsDir: debugModelsDir, sessionDir });
    const nextApi = createEngineClient(next);
    const { documentId } = document;
    expect(await nextApi.getDocument({ documentId })).toEqual(
      await api.getDocument({ documentId }),
    );
    const { bytes } = await nextApi.exportDocument({
      documentId,
      format: "tiff",
      quality: 1,
      embedRecipe: false,
    });
    expect((await readPicture(bytes, "export")).raster.data).toEqual(before.data);
    await next.dispose();
  });

  it("refuses a result that belongs to another state, and a job that is gone", async () => {
    const first = await run(editRequest());
    const second = await run(editRequest());
    await api.acceptResult({ jobId: first });
    await expect(api.acceptResult({ jobId: second })).rejects.toMatchObject({
      code: "REQUEST_INVALID",
    });
    await api.undo(document);
    await expect(api.acceptResult({ jobId: second })).resolves.toMatchObject({ canUndo: true });
    await expect(api.acceptResult({ jobId: second })).rejects.toMatchObject({
      code: "JOB_UNKNOWN",
    });
  });

  it("cancels before the next step is done, and stays usable", async () => {
    const { jobId } = await api.startJob({ kind: "generate", modelId, ...drawing });
    const end = ended(jobId);
    let steps = 0;
    const fifth = new Promise<void>((resolve) => {
      subscribeTo(engine, "job-progress", (event) => {
        if (event.jobId !== jobId || event.stage !== "drawing") return;
        if (++steps === 5) resolve();
      });
    });
    await fifth;
    await api.cancelJob({ jobId });
    expect(await end).toBe("cancelled");
    expect(steps).toBeLessThanOrEqual(6);
    await run(editRequest());
  });

  it("serves tiles and scale thumbnails of any revision", async () => {
    const { documentId, revision } = document;
    const tile = await api.readTile({ documentId, revision, level: 1, column: 0, row: 0 });
    expect([tile.width, tile.height]).toEqual([48, 32]);
    const { thumbnails } = await api.readScaleThumbnails({
      documentId,
      revision,
      modelId,
      region: { x: -10, y: 10, width: 64, height: 64 },
    });
    expect(thumbnails.map(({ scale }) => scale)).toEqual([0, 1, 2, 3]);
  });

  it("answers bad requests with data and goes on", async () => {
    const documentId = documentIdSchema.parse("d-none");
    await expect(api.getDocument({ documentId })).rejects.toMatchObject({
      code: "DOCUMENT_UNKNOWN",
    });
    await expect(api.cancelJob({ jobId: jobIdSchema.parse("j-none") })).rejects.toMatchObject({
      code: "JOB_UNKNOWN",
    });
    await expect(engine.invoke("rm -rf", {})).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    await expect(engine.invoke("startJob", { kind: "edit" })).rejects.toMatchObject({
      code: "REQUEST_INVALID",
    });
    const unknownModel = modelIdSchema.parse("no-model");
    await expect(
      api.startJob({ kind: "generate", ...drawing, modelId: unknownModel }),
    ).rejects.toMatchObject({ code: "BUNDLE_MISSING" });
    await expect(
      api.openDocument({ name: "a.png", bytes: new Uint8Array(0) }),
    ).rejects.toMatchObject({ code: "FILE_EMPTY" });
    expect(await api.ping({})).toEqual({});
  });

  it("forgets a document that is closed", async () => {
    await api.closeDocument(document);
    await expect(api.getDocument(document)).rejects.toMatchObject({ code: "DOCUMENT_UNKNOWN" });
  });

  it("says so when a device is not there, and computes on the CPU", async () => {
    const other = await createEngine({
      modelsDir: debugModelsDir,
      sessionDir: join(sessionDir, "other"),
      device: "cuda",
    });
    const otherApi = createEngineClient(other);
    const { jobId } = await otherApi.startJob({ kind: "generate", modelId, ...drawing });
    await new Promise((resolve) => other.subscribe("job-finished", resolve));
    await otherApi.discardResult({ jobId });
    const { device, modelProblems } = await otherApi.getEngineInfo({});
    if (device.provider !== "cuda") {
      expect(device.provider).toBe("cpu");
      expect(modelProblems.map(({ code }) => code)).toEqual(["NOT_AVAILABLE"]);
    }
    await other.dispose();
  });
});
