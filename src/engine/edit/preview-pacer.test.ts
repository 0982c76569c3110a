import { describe, expect, it } from "vitest";
import { PreviewCosts, PreviewPacer } from "./preview-pacer.js";

/** A job before whose first step `beforeMs` pass, of steps of `stepMs`, with previews of `costMs`. */
interface Job {
  readonly beforeMs?: number;
  readonly stepMs: number;
  readonly costMs: number;
  readonly steps: number;
  readonly stepsPerScale: number;
  readonly variations?: number;
}

/** Runs a job; gives the times of its previews and their share of the job's own time. */
async function run(job: Job, costs = new PreviewCosts()) {
  const { beforeMs = 0, stepMs, costMs, steps, stepsPerScale, variations = 1 } = job;
  let now = 1_000;
  const times: number[] = [];
  const pacer = new PreviewPacer({ clock: () => now, totalSteps: steps, costs, batch: variations });
  const make = async () => {
    now += costMs;
    times.push(now - 1_000);
  };
  let missed = 0;
  // Known tokens are read in chunks of some milliseconds.
  for (let passed = 0; passed < beforeMs; passed += 10) {
    now += 10;
    await pacer.withinScale(0, make);
  }
  for (let step = 1; step <= steps; step++) {
    now += stepMs;
    pacer.step();
    const scale = Math.ceil(step / stepsPerScale) - 1;
    await pacer.withinScale(scale, make);
    for (let v = 0; v < variations && step % stepsPerScale === 0; v++) {
      if (!(await pacer.afterScale(scale, make))) missed++;
    }
  }
  return { times, missed, share: (times.length * costMs) / (beforeMs + steps * stepMs) };
}

/** The same in a process that has made such previews before. */
async function runWarm(job: Job) {
  const costs = new PreviewCosts();
  const scales = job.steps / job.stepsPerScale;
  for (let scale = 0; scale < scales; scale++) {
    for (const ms of [1e6, job.costMs, job.costMs]) costs.note(scale, ms);
  }
  costs.noteSteps(job.variations ?? 1, job.stepMs);
  return run(job, costs);
}

describe("previews", () => {
  it("start soon, come after each scale and at a steady rate in between", async () => {
    const { times, missed } = await runWarm({
      stepMs: 5,
      costMs: 4,
      steps: 1200,
      stepsPerScale: 200,
    });
    expect(times[0]).toBeLessThan(200);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(300);
    expect(times.length).toBeGreaterThanOrEqual(6 + 12);
    expect(missed).toBe(0);
  });

  it("start soon in a long job, also where one of them takes longer than a tenth of the time so far", async () => {
    const { times, share } = await runWarm({
      beforeMs: 60,
      stepMs: 20,
      costMs: 60,
      steps: 320,
      stepsPerScale: 64,
    });
    expect(times[0]).toBeLessThanOrEqual(300);
    expect(share).toBeLessThanOrEqual(0.1);
  });

  it("start soon while known tokens are still being read, where the job is long enough", async () => {
    const { times, share } = await runWarm({
      beforeMs: 350,
      stepMs: 30,
      costMs: 60,
      steps: 25,
      stepsPerScale: 25,
      variations: 16,
    });
    expect(times[0]).toBeLessThanOrEqual(300);
    expect(share).toBeLessThanOrEqual(0.1);
  });

  it("leave time for the finished pictures", async () => {
    const costs = new PreviewCosts();
    for (const ms of [1e6, 10, 10]) costs.note(0, ms);
    costs.noteSteps(1, 10);
    const made = async (endMs: number) => {
      let now = 0;
      const pacer = new PreviewPacer({ clock: () => now, totalSteps: 100, costs, pictures: 2 });
      let previews = 0;
      for (let step = 0; step < 100; step++) {
        now += 10;
        pacer.step();
        await pacer.withinScale(0, async () => {
          previews++;
          now += 10;
        });
      }
      pacer.atEnd(5, () => (now += endMs));
      return previews;
    };
    expect(await made(45)).toBeGreaterThan(1);
    // Of a tenth of a second the two pictures at the end now take 90 ms.
    expect(await made(45)).toBe(1);
    // A picture that had little left to show was no measure.
    costs.noteEnd(1, 1);
    expect(await made(45)).toBe(1);
  });

  it("count the decoding of the finished picture as the job's time", async () => {
    const costs = new PreviewCosts();
    for (const ms of [1e6, 10, 10]) costs.note(0, ms);
    const made = async () => {
      let now = 0;
      const pacer = new PreviewPacer({ clock: () => now, totalSteps: 9, costs });
      let previews = 0;
      for (let step = 0; step < 9; step++) {
        now += 10;
        pacer.step();
      }
      await pacer.afterScale(0, async () => void previews++);
      await pacer.finish(async () => (now += 20));
      return previews;
    };
    // 10 of 90 ms are more than a tenth; of 110 they are less.
    expect([await made(), await made()]).toEqual([0, 1]);
  });

  it("count the time from the job's beginning, loading included", async () => {
    let now = 500;
    const pacer = new PreviewPacer({
      clock: () => now,
      startedAtMs: 0,
      totalSteps: 100,
      costs: new PreviewCosts(),
    });
    let made = 0;
    now += 1;
    pacer.step();
    await pacer.withinScale(0, async () => void made++);
    expect(made).toBe(1);
  });

  it("never take more than a tenth of a job's own time, however dear, short or many they are", async () => {
    for (const costMs of [1, 20, 70, 1000]) {
      for (const [steps, stepsPerScale] of [
        [4000, 800],
        [320, 64],
        [27, 9],
        [3, 1],
      ] as const) {
        for (const variations of [1, 16]) {
          for (const beforeMs of [0, 150]) {
            const job = { beforeMs, stepMs: 3, costMs, steps, stepsPerScale, variations };
            expect((await runWarm(job)).share, JSON.stringify(job)).toBeLessThanOrEqual(0.1);
          }
        }
      }
    }
  });

  it("that are left out for that are told, so that the finished picture can stand in", async () => {
    const job = { stepMs: 1, costMs: 300, steps: 50, stepsPerScale: 10 };
    expect(await runWarm(job)).toMatchObject({ times: [], missed: 5 });
  });

  it("are made where nothing is known of their cost, and of the first of each scale nothing is learnt", async () => {
    const costs = new PreviewCosts();
    const job = { stepMs: 5, costMs: 400, steps: 100, stepsPerScale: 50 };
    expect((await run(job, costs)).times.length).toBeGreaterThan(0);
    expect([costs.of(0), costs.of(1)]).toEqual([0, 0]);
    for (const ms of [7, 9, 5, 8]) costs.note(0, ms);
    expect(costs.of(0)).toBe(5);
  });

  it("are not given up for one that was slow by chance", async () => {
    const costs = new PreviewCosts();
    const job = { stepMs: 5, steps: 100, stepsPerScale: 50 };
    costs.note(0, 1e6);
    costs.note(0, 1e6);
    expect((await run({ ...job, costMs: 10 }, costs)).times.length).toBeGreaterThan(0);
    expect(costs.of(0)).toBe(10);
  });

  it("come after every scale and never in between without a clock", async () => {
    const made: string[] = [];
    const pacer = new PreviewPacer({ totalSteps: 10, costs: new PreviewCosts() });
    await pacer.withinScale(0, async () => void made.push("within"));
    await pacer.afterScale(0, async () => void made.push("after"));
    expect(made).toEqual(["after"]);
  });

  it("are not made where nobody wants them", async () => {
    const pacer = new PreviewPacer({ isWanted: false, totalSteps: 1, costs: new PreviewCosts() });
    await pacer.afterScale(0, () => Promise.reject(new Error("was made")));
  });
});
