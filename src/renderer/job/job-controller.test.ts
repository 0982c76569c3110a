import { describe, expect, it } from "vitest";
import { LoudTransport, type LoudHandlers } from "../../../test/fixtures/loud-transport.js";
import { finished, jobId, preview, smallModel } from "../../../test/fixtures/screen-data.js";
import { AppError } from "../../core/errors.js";
import { createApiClient } from "../../shared/client.js";
import type { GenerateJob } from "../../shared/jobs.js";
import { JobController } from "./job-controller.svelte.js";

const request: GenerateJob = {
  kind: "generate",
  modelId: smallModel.modelId,
  prompt: "",
  negativePrompt: "",
  seed: 1,
  ...smallModel.sampling,
};

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

  it("starts nothing while a job runs or a result waits", async () => {
    const { job, transport } = setUp();
    await job.start(request);
    await job.start(request);
    job.handle({ topic: "job-finished", payload: finished() });
    await job.start(request);
    expect(transport.methods).toEqual(["startJob"]);
  });

  it("asks once for a cancel, however often the key is pressed", async () => {
    const { job, transport } = setUp();
    await job.start(request);
    await Promise.all([job.cancel(), job.cancel(), job.cancel()]);
    expect(transport.methods.filter((method) => method === "cancelJob")).toHaveLength(1);
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
