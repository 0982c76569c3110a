import { describe, expect, it } from "vitest";
import { LoudTransport, type LoudHandlers } from "../../../test/fixtures/loud-transport.js";
import {
  documentInfo,
  finalPicture,
  finished,
  jobId,
  preview,
  smallModel,
} from "../../../test/fixtures/screen-data.js";
import { AppError } from "../../core/errors.js";
import { createApiClient } from "../../shared/client.js";
import type { GenerateJob, JobRequest, UpscaleJob } from "../../shared/jobs.js";
import { JobController } from "./job-controller.svelte.js";
import { paceKind } from "./upscale-target.js";

const request: GenerateJob = {
  kind: "generate",
  modelId: smallModel.modelId,
  prompt: "",
  negativePrompt: "",
  seed: 1,
  ...smallModel.sampling,
};

const upscale: UpscaleJob = {
  kind: "upscale",
  documentId: documentInfo().documentId,
  modelId: smallModel.modelId,
  factor: 2,
  creativity: 0,
  prompt: "",
  seed: 1,
  guidance: 1,
};

const settle = () => new Promise((resolve) => setTimeout(resolve));

function setUp(handlers: LoudHandlers = {}) {
  const transport = new LoudTransport({
    startJob: () => ({ jobId }),
    cancelJob: () => ({}),
    discardResult: () => ({}),
    ...handlers,
  });
  let now = 0;
  const job = new JobController(createApiClient(transport), () => (now += 1000));
  return { job, transport };
}

describe("job controller", () => {
  it("keeps events that come before the reply that names the job", async () => {
    const { job } = setUp();
    const started = job.start(request);
    job.handle({ topic: "job-preview", payload: preview(0) });
    await started;
    expect(job.state).toMatchObject({ kind: "running", previews: [{ scale: 0 }] });
  });

  it("shows the newest preview, or the one a person points at, and then the result", async () => {
    const { job } = setUp();
    await job.start(request);
    for (const scale of [0, 1, 2]) {
      job.handle({ topic: "job-preview", payload: preview(scale) });
    }
    expect(job.shown).toMatchObject({ scale: 2 });
    job.peekedScale = 1;
    expect(job.shown).toMatchObject({ scale: 1 });
    job.peekedScale = null;
    job.handle({ topic: "job-finished", payload: finished() });
    expect(job.shown).toMatchObject({ changedPixels: 12 });
    job.peekedScale = 0;
    expect(job.shown).toMatchObject({ scale: 0 });
  });

  it("replaces a scale's preview by a later one", async () => {
    const { job } = setUp();
    await job.start(request);
    const later = preview(0);
    job.handle({ topic: "job-preview", payload: preview(0) });
    job.handle({ topic: "job-preview", payload: later });
    expect(job.state).toMatchObject({ previews: [later] });
  });

  it("runs one job after another, and results wait beside the running one", async () => {
    const { job, transport } = setUp();
    await job.start(request);
    await job.start({ ...request, seed: 2 });
    await job.start({ ...request, seed: 3 });
    expect(transport.methods).toEqual(["startJob"]);
    expect(job.waiting.map((entry) => entry.request.seed)).toEqual([2, 3]);
    job.handle({ topic: "job-finished", payload: finished() });
    await settle();
    expect(job.state.kind).toBe("candidate");
    expect(job.running?.request.seed).toBe(2);
    await job.discard();
    // With nothing left to decide, the running one is looked at.
    expect(job.state).toMatchObject({ kind: "running", request: { seed: 2 } });
  });

  it("takes a waiting job out of the queue without asking the engine", async () => {
    const { job, transport } = setUp();
    await job.start(request);
    await job.start({ ...request, seed: 2 });
    await job.cancel(job.waiting[0]?.key);
    expect(job.waiting).toEqual([]);
    expect(transport.methods).toEqual(["startJob"]);
  });

  it("goes on with the queue when a job fails or is refused", async () => {
    let isRefused = false;
    const { job } = setUp({
      startJob: () => {
        if (isRefused) throw new AppError("MASK_EMPTY", "Expected a masked pixel but got none.");
        return { jobId };
      },
    });
    for (const seed of [1, 2, 3, 4]) await job.start({ ...request, seed });
    isRefused = true;
    const error = { code: "OUT_OF_MEMORY" as const, message: "Too large.", details: {} };
    job.handle({ topic: "job-failed", payload: { jobId, error } });
    await settle();
    // 2, 3 and 4 were refused, each with its reason.
    expect(job.entries.map(({ state }) => state.kind)).toEqual(Array(4).fill("failed"));
  });

  it("stays at a job that a new engine begins once more", async () => {
    const { job } = setUp();
    await job.start(request);
    const progress = { jobId, stage: "drawing" as const, scale: 0, done: 1, total: 2 };
    job.handle({ topic: "job-progress", payload: { ...progress, secondsLeft: 1 } });
    job.beginAgain();
    expect(job.state).toMatchObject({ kind: "running", progress: null });
    job.handle({ topic: "job-finished", payload: finished() });
    expect(job.state.kind).toBe("candidate");
  });

  it("ends everything when its document is closed", async () => {
    const { job, transport } = setUp();
    await job.start(request);
    job.handle({ topic: "job-finished", payload: finished() });
    await job.start({ ...request, seed: 2 });
    await job.start({ ...request, seed: 3 });
    await job.endAll();
    expect(transport.methods.slice(2).toSorted()).toEqual(["cancelJob", "discardResult"]);
    job.handle({ topic: "job-cancelled", payload: { jobId } });
    expect(job.entries).toEqual([]);
  });

  it("keeps a job going that nobody looks at, and finds it again", async () => {
    const { job } = setUp();
    await job.start(request);
    const key = job.selected?.key ?? null;
    job.select(null);
    expect(job.isIdle).toBe(true);
    job.handle({ topic: "job-finished", payload: finished() });
    expect(job.state.kind).toBe("idle");
    expect(job.ready).toHaveLength(1);
    job.select(key);
    expect(job.state.kind).toBe("candidate");
  });

  it("shows variations arriving together, each by itself, and takes the chosen one", async () => {
    const { job, transport } = setUp({ acceptResult: () => documentInfo({ revision: 1 }) });
    await job.start({ ...request, variations: 3 });
    for (const variation of [0, 1, 2]) {
      job.handle({ topic: "job-preview", payload: { ...preview(0), variation } });
    }
    expect(job.newestOf(2)).toMatchObject({ scale: 0, variation: 2 });
    job.peekedVariation = 1;
    expect(job.shown).toMatchObject({ variation: 1 });
    job.peekedVariation = null;
    for (const variation of [1, 2]) {
      job.handle({ topic: "job-variation", payload: finalPicture(variation) });
    }
    job.handle({ topic: "job-finished", payload: finished() });
    job.chooseVariation(2);
    expect(job.shown?.rgba[0]).toBe(2);
    job.compareWith(1);
    expect(job.shownRival?.rgba[0]).toBe(1);
    job.chooseVariation(99);
    expect(job.selected?.variation).toBe(2);
    await job.accept();
    expect(transport.lastRequest("acceptResult")).toEqual({ jobId, variation: 2 });
  });

  it("leaves what was drawn of each region, for a job that draws several", async () => {
    const { job } = setUp();
    await job.start(request);
    const at = (x: number, scale: number) => ({
      ...preview(scale),
      rect: { x, y: 0, width: 16, height: 16 },
    });
    const all = [at(-16, 0), at(-16, 1), at(40, 0), at(40, 1), at(80, 0)];
    for (const payload of all) job.handle({ topic: "job-preview", payload });
    expect(job.patches).toEqual([all[1], all[3], all[4]]);
    expect(job.shown).toEqual(all[4]);
    job.peekedScale = 1;
    expect(job.patches).toEqual([all[3]]);
  });

  it("learns how fast upscales of one kind are, and nothing from other jobs", async () => {
    const tell = async (started: JobRequest, unit: "tokens" | "megapixels") => {
      const { job } = setUp();
      await job.start(started);
      const progress = { jobId, stage: "upscaling" as const, scale: null, done: 1, total: 2 };
      const rate = { value: 24, unit };
      job.handle({ topic: "job-progress", payload: { ...progress, secondsLeft: 1, rate } });
      return job.paces;
    };
    expect(await tell(request, "tokens")).toEqual({});
    expect(await tell(upscale, "megapixels")).toEqual({ [paceKind(upscale)]: 24 });
    expect(paceKind({ ...upscale, speed: "fast" })).not.toBe(paceKind(upscale));
    expect(paceKind({ ...upscale, prompt: "a dog", seed: 9 })).toBe(paceKind(upscale));
  });

  it("asks once for a cancel, however often the key is pressed", async () => {
    const { job, transport } = setUp();
    await job.start(request);
    await Promise.all([job.cancel(), job.cancel(), job.cancel()]);
    expect(transport.methods.filter((method) => method === "cancelJob")).toHaveLength(1);
  });

  it("cancels a job that the engine has not named yet as soon as it has", async () => {
    const { job, transport } = setUp();
    const started = job.start(request);
    expect(job.state).toMatchObject({ kind: "starting" });
    const cancels = [job.cancel(), job.cancel()];
    expect(job.state).toMatchObject({ kind: "starting", isCancelling: true });
    await Promise.all([started, ...cancels]);
    expect(job.state).toMatchObject({ kind: "running", isCancelling: true });
    expect(transport.methods).toEqual(["startJob", "cancelJob"]);
    job.handle({ topic: "job-cancelled", payload: { jobId } });
    expect(job.state.kind).toBe("idle");
  });

  it("does not cancel a job that was over before it was named", async () => {
    const { job, transport } = setUp();
    const started = job.start(request);
    await job.cancel();
    job.handle({ topic: "job-finished", payload: finished() });
    await started;
    expect(job.state.kind).toBe("candidate");
    expect(transport.methods).toEqual(["startJob"]);
  });

  it("is failed, with the reason, when the start is refused", async () => {
    const { job } = setUp({
      startJob: () => {
        throw new AppError("MASK_EMPTY", "Expected a masked pixel but got none.");
      },
    });
    await expect(job.start(request)).rejects.toThrow("masked pixel");
    expect(job.state).toMatchObject({ kind: "failed", error: { code: "MASK_EMPTY" } });
    job.dismiss();
    expect(job.state.kind).toBe("idle");
  });

  it("keeps the result when the engine could not take it, unless it is gone", async () => {
    let code: "DISK_FULL" | "JOB_UNKNOWN" = "DISK_FULL";
    const { job } = setUp({
      acceptResult: () => {
        throw new AppError(code, "Expected room but got none.");
      },
    });
    await job.start(request);
    job.handle({ topic: "job-finished", payload: finished() });
    await expect(job.accept()).rejects.toThrow();
    expect(job.state.kind).toBe("candidate");
    code = "JOB_UNKNOWN";
    await expect(job.accept()).rejects.toThrow();
    expect(job.state.kind).toBe("idle");
  });

  it("tells how long a job took", async () => {
    const { job } = setUp();
    await job.start(request);
    job.handle({ topic: "job-finished", payload: finished() });
    expect(job.state).toMatchObject({ kind: "candidate", elapsedMs: 1000 });
  });
});
