import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EngineProcess, type EngineTiming } from "../../src/host/engine-process";
import { createForkLauncher } from "../../src/host/fork-launcher";
import { eventSchemas, type Topic } from "../../src/shared/events";

const childPath = join(import.meta.dirname, "fixtures/tiny-engine.js");

let sessionDir: string;
let engine: EngineProcess;
let events: { readonly topic: Topic; readonly payload: unknown }[];

beforeEach(() => {
  sessionDir = mkdtempSync(join(tmpdir(), "spectral-test-"));
});

afterEach(() => {
  engine.dispose();
  rmSync(sessionDir, { recursive: true, force: true, maxRetries: 5 });
});

function start(timing: Partial<EngineTiming> = {}, path = childPath): void {
  events = [];
  engine = new EngineProcess({
    launcher: createForkLauncher({ childPath: path, modelsDir: "models", sessionDir }),
    timing,
    log: () => undefined,
  });
  // Proof of the cast: the table's own keys.
  for (const topic of Object.keys(eventSchemas) as Topic[]) {
    engine.subscribe(topic, (payload) => events.push({ topic, payload }));
  }
}

function startJob(prompt: string, jobId = "job-1"): Promise<unknown> {
  return engine.invoke("startJob", { jobId, prompt });
}

async function until(isTrue: () => boolean, timeoutMs = 20_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${String(isTrue)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const resumed = () =>
  readFileSync(join(sessionDir, "resumed"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
const heard = (topic: Topic) => events.some((event) => event.topic === topic);
const payloadsOf = (topic: Topic) =>
  events.filter((event) => event.topic === topic).map((event) => event.payload);

test("requests, errors and binary replies cross the process boundary", async () => {
  start();
  const bytes = new Uint8Array([1, 2, 3, 255]);
  expect(await engine.invoke("readTile", { bytes })).toEqual({ width: 1, height: 1, rgba: bytes });
  await expect(engine.invoke("getDocument", {})).rejects.toMatchObject({
    code: "DOCUMENT_UNKNOWN",
    message: "gone",
  });
});

test("a method that the engine does not have never reaches it", async () => {
  start();
  await expect(engine.invoke("constructor", {})).rejects.toMatchObject({ code: "REQUEST_INVALID" });
});

test("parameters that cannot be cloned fail alone", async () => {
  start();
  await expect(engine.invoke("readTile", { bytes: () => 1 })).rejects.toMatchObject({
    code: "INTERNAL",
  });
  expect(await engine.invoke("ping", {})).toEqual({});
});

test.each([
  ["exit", "exit code 7"],
  ["segfault", "signal SIGSEGV"],
])(
  "a job whose process dies twice (%s) is reported failed, and the next process works",
  async (prompt, reason) => {
    start();
    await startJob(prompt);
    const waiting = engine.invoke("cancelJob", { jobId: "other-job" });
    await waiting;
    await until(() => heard("job-failed"));
    expect(payloadsOf("job-failed")).toMatchObject([
      { jobId: "job-1", error: { code: "ENGINE_DIED", details: { reason } } },
    ]);
    expect(payloadsOf("engine-restarted")).toEqual([{ reason }, { reason }]);
    expect(resumed()).toHaveLength(1);
    // The session folder is the same one; the third process is started after a pause.
    await until(() => engine.pid !== undefined);
    expect(await engine.invoke("getEngineInfo", {})).toMatchObject({
      device: { provider: "launch 3" },
    });
  },
);

test("a job whose process dies once is run again: same name, same request, same state", async () => {
  start();
  expect(await startJob("exit-once")).toEqual({ jobId: "job-1", revision: 3 });
  await until(() => heard("job-failed"));
  // The second run ended in its own way, which the small engine calls a failure.
  expect(payloadsOf("job-failed")).toMatchObject([
    { jobId: "job-1", error: { code: "MASK_EMPTY" } },
  ]);
  expect(resumed()).toEqual([{ prompt: "exit-once", revision: 3, code: "ENGINE_DIED" }]);
  expect(payloadsOf("engine-restarted")).toHaveLength(1);
});

test("a lost job that waits for its second run can be cancelled", async () => {
  start();
  await startJob("steady", "job-0");
  // A second death within a minute is answered after a pause.
  process.kill(engine.pid!, "SIGKILL");
  await until(() => payloadsOf("engine-restarted").length === 1);
  await engine.invoke("ping", {});
  await startJob("steady", "job-1");
  process.kill(engine.pid!, "SIGKILL");
  await until(() => payloadsOf("engine-restarted").length === 2);
  expect(payloadsOf("job-failed")).toMatchObject([{ jobId: "job-0" }]);
  expect(await engine.invoke("cancelJob", { jobId: "job-1" })).toEqual({});
  expect(payloadsOf("job-cancelled")).toEqual([{ jobId: "job-1" }]);
  await until(() => engine.pid !== undefined);
  await engine.invoke("ping", {});
  expect(resumed()).toMatchObject([{ prompt: "steady" }]);
});

test("requests that wait when the process is killed are rejected with ENGINE_DIED", async () => {
  start();
  await startJob("hang");
  await until(() => heard("job-progress"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const waiting = engine.invoke("getEngineInfo", {});
  process.kill(engine.pid!, "SIGKILL");
  await expect(waiting).rejects.toMatchObject({ code: "ENGINE_DIED" });
});

test("a hanging process is noticed and replaced", async () => {
  start({ intervalMs: 50, busyLimitMs: 300, idleLimitMs: 300 });
  await startJob("hang");
  await until(() => heard("engine-restarted"));
  expect(payloadsOf("engine-restarted")).toMatchObject([
    { reason: expect.stringContaining("no sign of life") as string },
  ]);
  expect(await engine.invoke("getEngineInfo", {})).toMatchObject({
    device: { provider: "launch 2" },
  });
});

test("a process that only answers the heartbeat is left alone", async () => {
  start({ intervalMs: 50, busyLimitMs: 2_000, idleLimitMs: 2_000 });
  await engine.invoke("ping", {});
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(heard("engine-restarted")).toBe(false);
});

test("a process that sends nonsense is replaced", async () => {
  start();
  await startJob("garbage");
  await until(() => heard("engine-restarted"));
  expect(await engine.invoke("getEngineInfo", {})).toMatchObject({
    device: { provider: "launch 2" },
  });
});

test("a cancel that the engine obeys keeps the process", async () => {
  start();
  await startJob("steady");
  await until(() => heard("job-progress"));
  expect(await engine.invoke("cancelJob", { jobId: "job-1" })).toEqual({});
  await until(() => heard("job-cancelled"));
  expect(await engine.invoke("getEngineInfo", {})).toMatchObject({
    device: { provider: "launch 1" },
  });
});

test("a cancel that a blocked engine cannot hear replaces the process, and counts as cancelled", async () => {
  start({ cancelAnswerMs: 200 });
  await startJob("hang");
  await until(() => heard("job-progress"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await engine.invoke("cancelJob", { jobId: "job-1" })).toEqual({});
  expect(payloadsOf("job-cancelled")).toEqual([{ jobId: "job-1" }]);
  expect(heard("job-failed")).toBe(false);
  expect(await engine.invoke("getEngineInfo", {})).toMatchObject({
    device: { provider: "launch 2" },
  });
});

test("a job that goes on after its cancel was answered is ended with its process", async () => {
  start({ cancelEndMs: 200 });
  await startJob("deaf");
  expect(await engine.invoke("cancelJob", { jobId: "job-1" })).toEqual({});
  await until(() => heard("job-cancelled"));
  expect(payloadsOf("engine-restarted")).toHaveLength(1);
});

/** Starts a job that blocks the engine, and waits until it does. */
async function startHanging(jobId: string, prompt = "hang"): Promise<void> {
  const count = payloadsOf("job-progress").length;
  await startJob(prompt, jobId);
  await until(() => payloadsOf("job-progress").length > count);
  await new Promise((resolve) => setTimeout(resolve, 100));
}

test("a cancel that replaces the process costs other jobs nothing but time", async () => {
  start({ cancelAnswerMs: 200 });
  await startJob("queued", "job-0");
  await startHanging("job-1");
  await engine.invoke("cancelJob", { jobId: "job-1" });
  await engine.invoke("ping", {});
  expect(payloadsOf("engine-restarted")).toEqual([
    { reason: "it did not react to a cancel", isDeliberate: true },
  ]);
  expect(resumed()).toEqual([{ prompt: "queued", revision: 3, code: null }]);
  // Its second run is still to be had, for a death that is one.
  process.kill(engine.pid!, "SIGKILL");
  await until(() => payloadsOf("engine-restarted").length === 2);
  await engine.invoke("ping", {});
  expect(resumed().slice(1)).toEqual([{ prompt: "queued", revision: 3, code: "ENGINE_DIED" }]);
  process.kill(engine.pid!, "SIGKILL");
  await until(() => payloadsOf("engine-restarted").length === 3);
  expect(payloadsOf("job-failed")).toMatchObject([{ jobId: "job-0" }]);
  expect(payloadsOf("job-cancelled")).toEqual([{ jobId: "job-1" }]);
});

test("a job on its second run stays on it when a cancel replaces the process", async () => {
  start({ cancelAnswerMs: 200 });
  await startJob("queued", "job-0");
  process.kill(engine.pid!, "SIGKILL");
  await until(() => payloadsOf("engine-restarted").length === 1);
  await engine.invoke("ping", {});
  await startHanging("job-1");
  await engine.invoke("cancelJob", { jobId: "job-1" });
  await engine.invoke("ping", {});
  expect(resumed()).toMatchObject([{ code: "ENGINE_DIED" }, { code: "ENGINE_DIED" }]);
  expect(heard("job-failed")).toBe(false);
});

test("a death is the fault of the job that was worked on, and not of those in the queue", async () => {
  start();
  await startJob("queued", "job-0");
  await startHanging("job-1");
  process.kill(engine.pid!, "SIGKILL");
  await until(() => heard("engine-restarted"));
  await engine.invoke("ping", {});
  expect(resumed()).toMatchObject([
    { prompt: "queued", code: null },
    { prompt: "hang", code: "ENGINE_DIED" },
  ]);
});

test("a job in the queue is cancelled without a word from the engine, which works on", async () => {
  start({ cancelAnswerMs: 200 });
  await startJob("queued", "job-0");
  await startHanging("job-1", "hang-awhile");
  const { pid } = engine;
  expect(await engine.invoke("cancelJob", { jobId: "job-0" })).toEqual({});
  // The engine hears of it once it can; that is no second end.
  await engine.invoke("ping", {});
  expect(payloadsOf("job-cancelled")).toEqual([{ jobId: "job-0" }]);
  expect([engine.pid, heard("engine-restarted")]).toEqual([pid, false]);
});

test("a job that is started while a cancel replaces the process starts in the next one", async () => {
  start({ cancelAnswerMs: 200 });
  await startHanging("job-1");
  const cancelled = engine.invoke("cancelJob", { jobId: "job-1" });
  expect(await startJob("steady", "job-2")).toEqual({ jobId: "job-2", revision: 3 });
  await cancelled;
  expect(heard("job-failed")).toBe(false);
  await until(() => payloadsOf("job-progress").length > 1);
});

test("what is read while a cancel replaces the process is read in the next one; changes are not repeated", async () => {
  start({ cancelAnswerMs: 200 });
  await startHanging("job-1");
  const cancelled = engine.invoke("cancelJob", { jobId: "job-1" });
  const bytes = new Uint8Array([1, 2]);
  const tile = engine.invoke("readTile", { bytes });
  const change = engine.invoke("undo", {});
  await expect(change).rejects.toMatchObject({ code: "ENGINE_DIED" });
  expect(await tile).toEqual({ width: 1, height: 1, rgba: bytes });
  await cancelled;
  expect(payloadsOf("engine-restarted")).toHaveLength(1);
});

test("cancels that replace the process are no reason to wait before the next one", async () => {
  start({ cancelAnswerMs: 100 });
  for (const jobId of ["job-1", "job-2", "job-3"]) {
    await startHanging(jobId);
    await engine.invoke("cancelJob", { jobId });
    expect(await engine.invoke("ping", {})).toEqual({});
  }
  expect(payloadsOf("job-cancelled")).toHaveLength(3);
});

test("a job whose end was heard before its start is not taken for running", async () => {
  start();
  await startJob("early-end");
  process.kill(engine.pid!, "SIGKILL");
  await until(() => heard("engine-restarted"));
  expect(payloadsOf("job-failed")).toMatchObject([{ error: { code: "MASK_EMPTY" } }]);
});

test("a process that dies at every start is not started in a busy loop", async () => {
  start({}, join(import.meta.dirname, "fixtures/dying-engine.js"));
  await until(() => payloadsOf("engine-restarted").length >= 2);
  await expect(engine.invoke("ping", {})).rejects.toMatchObject({ code: "ENGINE_DIED" });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(payloadsOf("engine-restarted").length).toBeLessThan(5);
});

test("after dispose nothing is started again", async () => {
  start();
  await engine.invoke("ping", {});
  const waiting = engine.invoke("readTile", { bytes: new Uint8Array(1) });
  engine.dispose();
  await expect(waiting).rejects.toMatchObject({ code: "ENGINE_DIED" });
  await expect(engine.invoke("ping", {})).rejects.toMatchObject({ code: "ENGINE_DIED" });
  expect(events).toEqual([]);
});
