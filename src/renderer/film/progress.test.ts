import { describe, expect, it } from "vitest";
import { jobIdSchema } from "../../shared/ids.js";
import { progressFraction, progressText, rateText } from "./progress.js";

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

  it("tells slow rates with digits that count, and none that is not known", () => {
    const told = (value: number) => rateText({ ...base, rate: { value, unit: "megapixels" } });
    expect([0.0264, 1.26, 8, 243.7].map(told)).toEqual([
      "0.026 MP/s",
      "1.3 MP/s",
      "8 MP/s",
      "244 MP/s",
    ]);
    expect([told(0), rateText(base)]).toEqual(["", ""]);
  });

  it("tells an upscale in megapixels and keeps quiet about single steps", () => {
    const upscaling = { ...base, stage: "upscaling", scale: null } as const;
    const told = (done: number, total: number) => progressText({ ...upscaling, done, total }, 5);
    expect(told(11_158_016, 69_877_760)).toBe("11 of 70 MP");
    expect(told(1_250_000, 4_370_000)).toBe("1.3 of 4.4 MP");
    expect(told(30_000, 250_000)).toBe("0.03 of 0.25 MP");
    expect(progressText({ ...base, stage: "encoding", scale: null, total: 1 }, 5)).toBe("");
  });
});
