import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { AppError } from "../../core/errors.js";
import { jobIdSchema } from "../../shared/ids.js";
import { pause, type JobContext } from "./job-context.js";
import { JobQueue, type JobOutcome } from "./job-queue.js";
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
  return { shown, result, bytes };
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
    expect(() => jobs.result(id)).toThrow(/under way/);
    await turns();
    expect(jobs.result(id)).toBe("x");
    jobs.discard(id);
    expect(() => jobs.result(id)).toThrow(/run it again/);
    expect(() => jobs.cancel(jobIdSchema.parse("j-none"))).toThrow(/j-none/);
  });

  it("drops the oldest results when they take too much memory", async () => {
    const { jobs } = queue();
    const big = 700 * 1024 * 1024;
    const first = jobs.start(async () => outcome("a", big));
    const second = jobs.start(async () => outcome("b", big));
    await turns();
    expect(() => jobs.result(first)).toThrow();
    expect(jobs.result(second)).toBe("b");
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
