import { describe, expect, it } from "vitest";
import { jobIdSchema } from "../../shared/ids.js";
import { progressFraction, progressText } from "./progress.js";

const base = {
  jobId: jobIdSchema.parse("j1"),
  stage: "drawing",
  scale: 2,
  done: 30,
  total: 120,
  secondsLeft: null,
} as const;

describe("progress of a job", () => {
  it("tells the scale as people count, and the tokens", () => {
    expect(progressText(base, 5)).toBe("scale 3 of 5 · 30 of 120 tokens");
    expect(progressFraction(base)).toBe(0.25);
  });

  it("claims nothing while the amount of work is unknown", () => {
    expect(progressFraction({ ...base, total: 0 })).toBeNull();
    expect(progressText({ ...base, total: 0 }, 5)).toBe("");
  });

  it("counts tiles of an upscale and keeps quiet about single steps", () => {
    expect(progressText({ ...base, stage: "upscaling", scale: null, total: 40 }, 5)).toBe(
      "30 of 40",
    );
    expect(progressText({ ...base, stage: "encoding", scale: null, total: 1 }, 5)).toBe("");
  });
});
