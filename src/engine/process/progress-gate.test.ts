import { describe, expect, it } from "vitest";
import { jobIdSchema } from "../../shared/ids.js";
import { ProgressGate } from "./progress-gate.js";

const jobId = jobIdSchema.parse("j1");
const drawing = (done: number, scale = 0) => ({
  jobId,
  stage: "drawing" as const,
  scale,
  done,
  total: 320,
  secondsLeft: null,
});

describe("the gate of progress", () => {
  it("lets some thirty states a second through, whatever the pace", () => {
    const gate = new ProgressGate();
    const passed = Array.from({ length: 319 }, (_, step) => gate.lets(drawing(step), 0.5 * step));
    expect(passed.filter(Boolean)).toHaveLength(6);
    expect(passed[0]).toBe(true);
  });

  it("tells of every stage and scale, and of the end", () => {
    const gate = new ProgressGate();
    expect(gate.lets(drawing(1), 0)).toBe(true);
    expect(gate.lets(drawing(2), 1)).toBe(false);
    expect(gate.lets(drawing(3, 1), 2)).toBe(true);
    expect(gate.lets({ ...drawing(3, 1), stage: "compositing" }, 3)).toBe(true);
    expect(gate.lets({ ...drawing(320, 4), stage: "compositing" }, 4)).toBe(true);
    expect(gate.lets({ ...drawing(1), jobId: jobIdSchema.parse("j2") }, 5)).toBe(true);
  });
});
