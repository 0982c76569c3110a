import { fork } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EngineProcess } from "../../src/host/engine-process";
import { createForkLauncher } from "../../src/host/fork-launcher";
import type { EngineApi } from "../../src/shared/api";
import { createEngineClient, subscribeTo } from "../../src/shared/client";
import type { DocumentInfo } from "../../src/shared/documents";
import { engineArguments } from "../../src/shared/engine-messages";
import type { Events, Topic } from "../../src/shared/events";
import type { EditJob, UpscaleJob } from "../../src/shared/jobs";
import { draws } from "../../src/shared/models";
import { debugModelsDir } from "../engine/debug-bundle";

const root = join(import.meta.dirname, "../..");
const childPath = join(root, "src/engine/child.ts");
const execArgv = ["--import", "tsx"];
const modelsDir = debugModelsDir;

let sessionDir: string;
let engine: EngineProcess;
let api: EngineApi;

beforeEach(() => {
  sessionDir = mkdtempSync(join(tmpdir(), "spectral-test-"));
  const launcher = createForkLauncher({ childPath, execArgv, modelsDir, sessionDir });
  engine = new EngineProcess({ launcher, log: () => undefined });
  api = createEngineClient(engine);
});

afterEach(() => {
  engine.dispose();
  rmSync(sessionDir, { recursive: true, force: true, maxRetries: 5 });
});

/** The next event of a topic. */
function next<T extends Topic>(topic: T): Promise<Events[T]> {
  return new Promise((resolve, reject) => {
    const stop = subscribeTo(
      engine,
      topic,
      (payload) => {
        stop();
        resolve(payload);
      },
      reject,
    );
  });
}

async function openSample(): Promise<DocumentInfo> {
  const bytes = readFileSync(join(root, "assets/samples/wren-512x512.jpg"));
  return api.openDocument({ name: "wren.jpg", bytes });
}

async function editOf({ documentId }: DocumentInfo): Promise<EditJob> {
  const { models } = await api.getEngineInfo({});
  const model = models.find(draws)!;
  const rect = { x: 180, y: 180, width: 96, height: 96 };
  return {
    kind: "edit",
    documentId,
    modelId: model.modelId,
    mask: { rect, alpha: new Uint8Array(rect.width * rect.height).fill(255) },
    frozenScales: 1,
    prompt: "a flower",
    negativePrompt: "",
    seed: 3,
    ...model.sampling,
    feather: 4,
  };
}

/** A job of many tiles, so that it can be interrupted. */
async function longJobOf({ documentId }: DocumentInfo): Promise<UpscaleJob> {
  const { models } = await api.getEngineInfo({});
  const { modelId, sampling } = models.find(draws)!;
  const { guidance } = sampling;
  const job = { kind: "upscale", documentId, modelId, factor: 8, creativity: 0 } as const;
  return { ...job, prompt: "", seed: 1, guidance };
}

async function readPixels({ documentId, revision }: DocumentInfo): Promise<Uint8Array> {
  return (await api.readTile({ documentId, revision, level: 0, column: 0, row: 0 })).rgba;
}

test("killing the engine in the middle of a job runs it again; the document stays whole throughout", async () => {
  const document = await openSample();
  const before = await readPixels(document);

  const isWorking = next("job-progress");
  const restarted = next("engine-restarted");
  const { jobId } = await api.startJob(await longJobOf(document));
  await isWorking;
  process.kill(engine.pid!, "SIGKILL");
  expect(await restarted).toEqual({ reason: "signal SIGKILL" });
  expect(await next("job-progress")).toMatchObject({ jobId });
  const cancelled = next("job-cancelled");
  await api.cancelJob({ jobId });
  expect(await cancelled).toEqual({ jobId });

  expect(await api.getDocument({ documentId: document.documentId })).toEqual(document);
  expect(await readPixels(document)).toEqual(before);

  const finished = next("job-finished");
  const again = await api.startJob(await editOf(document));
  expect((await finished).changedPixels).toBeGreaterThan(0);
  const edited = await api.acceptResult(again);
  expect(edited.history.map(({ kind }) => kind)).toEqual(["open", "edit"]);
  expect(await readPixels(edited)).not.toEqual(before);
  expect(await readPixels(await api.undo({ documentId: document.documentId }))).toEqual(before);
});

test("a result that waits to be kept outlives the process that made it", async () => {
  const document = await openSample();
  const finished = next("job-finished");
  const { jobId } = await api.startJob(await editOf(document));
  expect((await finished).jobId).toBe(jobId);
  // It is written behind the job's end; only a death before that loses it.
  await expect.poll(() => existsSync(join(sessionDir, "results", `${jobId}.bin`))).toBe(true);
  const restarted = next("engine-restarted");
  process.kill(engine.pid!, "SIGKILL");
  await restarted;
  const edited = await api.acceptResult({ jobId });
  expect(edited.history.map(({ kind }) => kind)).toEqual(["open", "edit"]);
  expect(await readPixels(edited)).not.toEqual(await readPixels(document));
  await expect(api.acceptResult({ jobId })).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
  expect(readdirSync(join(sessionDir, "results"))).toEqual([]);
});

test("a cancel in the middle of a job ends it at once and keeps the process", async () => {
  const document = await openSample();
  const pid = engine.pid;
  const isWorking = next("job-progress");
  const cancelled = next("job-cancelled");
  const { jobId } = await api.startJob(await longJobOf(document));
  await isWorking;
  await api.cancelJob({ jobId });
  expect(await cancelled).toEqual({ jobId });
  expect(engine.pid).toBe(pid);
  expect(await api.getDocument({ documentId: document.documentId })).toEqual(document);
});

test("the child answers hostile messages with errors, and ends with its host", async () => {
  const child = fork(childPath, engineArguments({ modelsDir, sessionDir }), {
    execArgv,
    serialization: "advanced",
  });
  const replies: unknown[] = [];
  child.on("message", (message) => replies.push(message));
  for (const message of ["garbage", {}, { id: -1 }, { id: "x", method: "ping" }])
    child.send(message);
  child.send({ id: 1, method: "constructor", params: {} });
  child.send({ id: 2, method: "undo", params: { documentId: "../../etc" } });
  child.send({ id: 3, method: "undo", params: { documentId: "doc-none" } });
  child.send({ id: 4, method: "ping", params: {} });
  await expect.poll(() => replies.length, { timeout: 60_000 }).toBe(4);
  expect(replies).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: 1, ok: false }),
      expect.objectContaining({ id: 2, ok: false }),
      expect.objectContaining({ id: 3, ok: false }),
      { id: 4, ok: true, result: {} },
    ]),
  );
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.disconnect();
  expect(await exit).toBe(0);
});
