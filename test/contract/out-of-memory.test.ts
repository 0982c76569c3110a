import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EngineProcess } from "../../src/host/engine-process";
import { createForkLauncher } from "../../src/host/fork-launcher";
import type { EngineApi } from "../../src/shared/api";
import { createEngineClient, subscribeTo } from "../../src/shared/client";
import type { Events, Topic } from "../../src/shared/events";
import type { GenerateJob } from "../../src/shared/jobs";
import { draws } from "../../src/shared/models";
import { debugModelsDir } from "../engine/debug-bundle";

const childPath = join(import.meta.dirname, "../../src/engine/child.ts");
const littleMemory = pathToFileURL(join(import.meta.dirname, "fixtures/little-memory.js")).href;
const VARIATIONS = 16;

/** How a job ended, and how many steps it took to draw: one for each token of each batch. */
interface Ended {
  /** The pictures of all variations; none if it failed. */
  readonly pictures: readonly Uint8Array[];
  readonly error: Events["job-failed"]["error"] | null;
  readonly steps: number;
}

let folder: string;
let engine: EngineProcess;
let api: EngineApi;
let restarts: Events["engine-restarted"][];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spectral-memory-"));
  writeFileSync(join(folder, "memory-events"), "oom_kill 0\n");
  const launcher = createForkLauncher({
    childPath,
    execArgv: ["--import", "tsx", "--import", littleMemory],
    modelsDir: debugModelsDir,
    sessionDir: join(folder, "session"),
    stateDir: folder,
  });
  const memoryCounters = [join(folder, "memory-events")];
  engine = new EngineProcess({ launcher, memoryCounters, log: () => undefined });
  api = createEngineClient(engine);
  restarts = [];
  engine.subscribe("engine-restarted", (payload) => {
    // Proof of the cast: the supervisor makes this event itself.
    restarts.push(payload as Events["engine-restarted"]);
  });
});

afterEach(() => {
  engine.dispose();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const setLimit = (bytes: number) => writeFileSync(join(folder, "memory-limit"), String(bytes));
const readPeak = () => Number(readFileSync(join(folder, "memory-peak"), "utf8"));

/** Draws pictures; ends with the job. */
async function draw(variations: number): Promise<Ended> {
  const { models } = await api.getEngineInfo({});
  const { modelId, sampling } = models.find(draws)!;
  const job = { kind: "generate", modelId, ...sampling, variations } as const;
  const request: GenerateJob = { ...job, prompt: "a flower", negativePrompt: "", seed: 3 };
  let steps = 0;
  const others: Uint8Array[] = [];
  const end = new Promise<Ended>((resolve, reject) => {
    const listen = <T extends Topic>(topic: T, listener: (event: Events[T]) => void) =>
      subscribeTo(engine, topic, listener, reject);
    listen("job-progress", ({ stage, total }) => {
      if (stage === "drawing") steps = total;
    });
    listen("job-variation", ({ rgba }) => others.push(rgba));
    listen("job-finished", ({ rgba }) => {
      resolve({ pictures: [rgba, ...others], error: null, steps });
    });
    listen("job-failed", ({ error }) => resolve({ pictures: [], error, steps }));
  });
  await api.startJob(request);
  return end;
}

test("an engine that dies for lack of memory runs the job once more, one picture at a time", async () => {
  const single = await draw(1);
  const peak = readPeak();
  const undisturbed = await draw(VARIATIONS);
  expect(undisturbed.steps).toBe(single.steps);
  expect(readPeak()).toBeGreaterThan(2 * peak);

  // What one picture takes is there, and no more.
  setLimit(peak);
  const ended = await draw(VARIATIONS);
  expect(ended.error).toBeNull();
  expect(restarts).toEqual([{ reason: "signal SIGKILL" }]);
  expect(ended.steps).toBe(VARIATIONS * single.steps);
  expect(ended.pictures).toHaveLength(VARIATIONS);
  expect(ended.pictures).toEqual(undisturbed.pictures);
  expect(readPeak()).toBe(peak);

  // That was about the one job: the next one is tried in the usual way, and no device is blamed.
  expect((await draw(1)).error).toBeNull();
  expect(restarts).toHaveLength(1);
  const known: unknown = JSON.parse(readFileSync(join(folder, "devices.json"), "utf8"));
  expect(known).toMatchObject({ records: [] });
});

test("a job that even one picture has no memory for fails in its second run, and says why", async () => {
  await draw(1);
  setLimit(readPeak() - 1);
  const { error } = await draw(VARIATIONS);
  expect(error).toMatchObject({ code: "OUT_OF_MEMORY", details: { reason: "signal SIGKILL" } });
  expect(restarts).toHaveLength(2);
  // The engine itself is there again.
  setLimit(Infinity);
  await expect.poll(() => engine.pid, { timeout: 10_000 }).toBeDefined();
  expect((await draw(1)).error).toBeNull();
});
