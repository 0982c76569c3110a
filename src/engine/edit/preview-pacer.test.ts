import { describe, expect, it } from "vitest";
import { PreviewPacer } from "./preview-pacer.js";

/** A job of steps of `stepMs` each, with previews that take `costMs`; gives the previews' times. */
async function run(stepMs: number, costMs: number, steps: number, stepsPerScale: number) {
  let now = 0;
  let workMs = 0;
  const times: number[] = [];
  const pacer = new PreviewPacer(() => now);
  const make = async () => {
    now += costMs;
    times.push(now);
  };
  for (let step = 1; step <= steps; step++) {
    now += stepMs;
    workMs += stepMs;
    await (step % stepsPerScale === 0 ? pacer.afterScale(make) : pacer.withinScale(make));
  }
  return { times, share: (times.length * costMs) / workMs };
}

describe("previews", () => {
  it("start soon, come after each scale and at a steady rate in between", async () => {
    const { times } = await run(5, 4, 1200, 200);
    expect(times[0]).toBeLessThan(300);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(300);
    expect(times.length).toBeGreaterThanOrEqual(6 + 12);
  });

  it("take at most about a tenth of a long job where scales last", async () => {
    for (const costMs of [1, 20, 70]) {
      const { share } = await run(5, costMs, 4000, 800);
      expect(share).toBeLessThan(0.12);
    }
  });

  it("come after every scale, however dear they are and however short the job is", async () => {
    expect((await run(5, 1000, 4000, 800)).times.length).toBeGreaterThanOrEqual(5);
    expect((await run(1, 300, 50, 10)).times).toHaveLength(5);
  });

  it("come after every scale and never in between without a clock", async () => {
    const made: string[] = [];
    const pacer = new PreviewPacer(undefined);
    await pacer.withinScale(async () => void made.push("within"));
    await pacer.afterScale(async () => void made.push("after"));
    expect(made).toEqual(["after"]);
  });

  it("are not made where nobody wants them", async () => {
    const pacer = new PreviewPacer(undefined, false);
    await pacer.afterScale(() => Promise.reject(new Error("was made")));
  });
});
