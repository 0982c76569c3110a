import { describe, expect, it } from "vitest";
import { settingsByScale } from "./scale-settings.js";

const job = { temperature: 0.9, topK: 0, topP: 0.8, guidance: 2 };

describe("the settings of each scale", () => {
  it("are the job's where a scale has none of its own", () => {
    expect(settingsByScale(job, 3)).toEqual([job, job, job]);
    expect(settingsByScale({ ...job, scaleSampling: [null, {}] }, 3)).toEqual([job, job, job]);
  });

  it("are a scale's own in every one of its fields, 0 included", () => {
    const own = { temperature: 0, topK: 5, topP: 0.1, guidance: 0 };
    const settings = settingsByScale({ ...job, scaleSampling: [null, own] }, 3);
    expect(settings).toEqual([job, own, job]);
    for (const field of ["temperature", "topK", "topP", "guidance"] as const) {
      const [, second] = settingsByScale(
        { ...job, scaleSampling: [null, { [field]: own[field] }] },
        2,
      );
      expect(second).toEqual({ ...job, [field]: own[field] });
    }
  });

  it("are refused for more scales than there are", () => {
    const scaleSampling = [null, null, null];
    expect(() => settingsByScale({ ...job, scaleSampling }, 2)).toThrow(/at most 2 scales.*got 3/);
  });
});
