import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { AppError, type ErrorCode } from "../../core/errors.js";
import { jobIdSchema } from "../../shared/ids.js";
import { pause, type JobContext } from "./job-context.js";
import { JobQueue, type JobOutcome } from "./job-queue.js";
import { ResultStore } from "./result-store.js";
import { TimeLeft } from "./time-left.js";

const shown = {
  kind: "edit" as const,
  documentId: null,
  rect: { x: 0, y: 0, width: 1, height: 1 },
  width: 1,
  height: 1,
  rgba: new Uint8Array(4),
  changedPixels: 0,
};

function outcome(result: string, bytes = 1): JobOutcome<string> {
  return { shown, others: [], result, bytes };
}

function queue() {
  const events: string[] = [];
  const jobs = new JobQueue<string>(
    (topic, payload) => events.push("jobId" in payload ? `${topic} ${payload.jobId}` : topic),
    () => 0,
  );
  return { jobs, events };
}

const turns = async (count = 20) => {
  for (let i = 0; i < count; i++) await setImmediate();
};
const forever = async (context: JobContext): Promise<never> => {
  for (;;) await pause(context);
};

describe("the job queue", () => {
  it("runs one job at a time, in order", async () => {
    const { jobs, events } = queue();
    let running = 0;
    const run = async (context: JobContext) => {
      expect(++running).toBe(1);
      await pause(context);
      running--;
      return outcome("done");
    };
    const ids = [jobs.start(run), jobs.start(run), jobs.start(run)];
    await turns();
    expect(events).toEqual(ids.map((id) => `job-finished ${id}`));
  });

  it("cancels a running and a waiting job, and goes on with the next", async () => {
    const { jobs, events } = queue();
    const [first, second, third] = [
      jobs.start(forever),
      jobs.start(forever),
      jobs.start(async () => outcome("c")),
    ];
    await turns();
    jobs.cancel(second);
    jobs.cancel(first);
    await turns();
    expect(events).toEqual([
      `job-cancelled ${second}`,
      `job-cancelled ${first}`,
      `job-finished ${third}`,
    ]);
  });

  it("reports a failure as data and stays usable", async () => {
    const { jobs, events } = queue();
    const failing = jobs.start(async () => {
      throw new AppError("OUT_OF_MEMORY", "Expected memory.");
    });
    const next = jobs.start(async () => outcome("x"));
    await turns();
    expect(events).toEqual([`job-failed ${failing}`, `job-finished ${next}`]);
  });

  it("keeps a result until it is discarded, and knows which jobs it never had", async () => {
    const { jobs } = queue();
    const id = jobs.start(async () => outcome("x"));
    await expect(jobs.result(id)).rejects.toThrow(/under way/);
    await turns();
    expect(await jobs.result(id)).toBe("x");
    await jobs.discard(id);
    await expect(jobs.result(id)).rejects.toThrow(/run it again/);
    expect(() => jobs.cancel(jobIdSchema.parse("j-none"))).toThrow(/j-none/);
  });

  it("drops the oldest results when they take too much memory", async () => {
    const { jobs } = queue();
    const big = 700 * 1024 * 1024;
    const first = jobs.start(async () => outcome("a", big));
    const second = jobs.start(async () => outcome("b", big));
    await turns();
    await expect(jobs.result(first)).rejects.toThrow();
    expect(await jobs.result(second)).toBe("b");
  });

  it("keeps results on disk, where a later process finds them, until they are discarded", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spectral-results-"));
    const jobs = new JobQueue(
      () => undefined,
      () => 0,
      { store: new ResultStore(folder) },
    );
    const result = { pixels: Uint16Array.of(1, 65_535), nested: [{ codes: Int32Array.of(-1) }] };
    const id = jobs.start(async () => ({ ...outcome("", 4), result }));
    await turns();
    // Reading follows writing, also within one process.
    const store = new ResultStore<typeof result>(folder);
    await expect.poll(() => store.load(id)).toEqual(result);
    const later = new JobQueue(
      () => undefined,
      () => 0,
      { store },
    );
    expect(await later.result(id)).toEqual(result);
    await later.discard(id);
    await expect(later.result(id)).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it("runs a job that had too little memory once more, one picture at a time", async () => {
    const events: string[] = [];
    const jobs = new JobQueue<string>(
      (topic) => events.push(topic),
      () => 0,
      { isWorthRetrying: ({ code }) => code === "OUT_OF_MEMORY" },
    );
    const contexts: Pick<JobContext, "failure" | "maxBatch">[] = [];
    const failing =
      (code: ErrorCode) =>
      async ({ failure, maxBatch }: JobContext) => {
        contexts.push({ ...(failure && { failure }), ...(maxBatch && { maxBatch }) });
        throw new AppError(code, "Expected something else.");
      };
    jobs.start(failing("OUT_OF_MEMORY"));
    jobs.start(failing("MASK_EMPTY"));
    await turns();
    expect(events).toEqual(["job-failed", "job-failed"]);
    expect(contexts).toMatchObject([{}, { failure: { code: "OUT_OF_MEMORY" }, maxBatch: 1 }, {}]);
    expect(contexts).toHaveLength(3);
  });

  it("takes an array that memory has no room for as too little memory", async () => {
    const batches: (number | undefined)[] = [];
    const events: string[] = [];
    const jobs = new JobQueue<string>(
      (topic) => events.push(topic),
      () => 0,
      { isWorthRetrying: ({ code }) => code === "OUT_OF_MEMORY" },
    );
    jobs.start(async ({ maxBatch }) => {
      batches.push(maxBatch);
      return outcome(`${new Float32Array(maxBatch === 1 ? 1 : 2 ** 52).length}`);
    });
    await turns();
    expect(batches).toEqual([undefined, 1]);
    expect(events).toEqual(["job-finished"]);
  });

  it("takes a job of a process that was only replaced for a new one, under its old name", async () => {
    const events: string[] = [];
    const jobs = new JobQueue<string>(
      (topic, payload) => events.push("jobId" in payload ? `${topic} ${payload.jobId}` : topic),
      () => 0,
      { isWorthRetrying: () => true },
    );
    const contexts: JobContext[] = [];
    jobs.start(
      async (context) => {
        contexts.push(context);
        if (contexts.length === 1) throw new AppError("OUT_OF_MEMORY", "Expected memory.");
        return outcome("done");
      },
      { jobId: jobIdSchema.parse("j-old"), failure: null },
    );
    await turns();
    expect(contexts[0]).not.toHaveProperty("failure");
    expect(contexts[0]).not.toHaveProperty("maxBatch");
    expect(contexts[1]).toMatchObject({ failure: { code: "OUT_OF_MEMORY" }, maxBatch: 1 });
    expect(events).toEqual(["job-finished j-old"]);
  });

  it("gives a resumed job no third run, and its old name", async () => {
    const events: string[] = [];
    const jobs = new JobQueue<string>(
      (topic, payload) => events.push("jobId" in payload ? `${topic} ${payload.jobId}` : topic),
      () => 0,
      { isWorthRetrying: () => true },
    );
    let runs = 0;
    const jobId = jobIdSchema.parse("j-old");
    const failure = { code: "ENGINE_DIED", message: "gone", details: {} } as const;
    jobs.start(
      async (context) => {
        runs++;
        expect(context).toMatchObject({ failure, maxBatch: 1 });
        throw new AppError("OUT_OF_MEMORY", "Expected memory.");
      },
      { jobId, failure },
    );
    await turns();
    expect(runs).toBe(1);
    expect(events).toEqual(["job-failed j-old"]);
  });
});

describe("the time left", () => {
  it("is unknown at first, then follows the pace of the stage", () => {
    let now = 0;
    const left = new TimeLeft(() => now);
    expect(left.estimate("drawing", 1, 100)).toBeNull();
    now = 1_000;
    expect(left.estimate("drawing", 11, 100)).toBeCloseTo(8.9);
    expect(left.estimate("decoding", 0, 3)).toBeNull();
  });
});
