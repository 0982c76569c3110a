import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freeEnlarger, smallModel } from "../../../test/fixtures/screen-data.js";
import type { InstalledModel } from "../../shared/models.js";
import { JobSettings } from "./settings.svelte.js";
import { estimateSeconds, upscaleTarget, withSide } from "./upscale-target.js";

const source = { width: 600, height: 400 };

function settingsFor(changes: Partial<JobSettings>): JobSettings {
  return Object.assign(new JobSettings(() => 1), changes);
}

describe("target of an upscale", () => {
  it("is a multiple of the picture unless a size is given", () => {
    expect(upscaleTarget(source, settingsFor({ factor: 4 }), null)).toEqual({
      size: { width: 2400, height: 1600 },
      factor: 4,
      hasBlocks: true,
      problem: null,
    });
    const targetSize = { width: 1500, height: 1000 };
    expect(upscaleTarget(source, settingsFor({ factor: 8, targetSize }), null)).toEqual({
      size: targetSize,
      factor: 4,
      hasBlocks: false,
      problem: null,
    });
  });

  it("has a block for each pixel where both sides are the same whole number of times as long", () => {
    const blocksIn = (width: number, height: number) =>
      upscaleTarget(source, settingsFor({ targetSize: { width, height } }), null).hasBlocks;
    expect(blocksIn(1800, 1200)).toBe(true);
    expect(blocksIn(1801, 1200)).toBe(false);
    expect(blocksIn(1800, 800)).toBe(false);
  });

  it("says what is wrong with a size", () => {
    const problemOf = (width: number, height: number) =>
      upscaleTarget(source, settingsFor({ targetSize: { width, height } }), null).problem;
    expect(problemOf(600, 400)).toBe("tooSmall");
    expect(problemOf(1200, 399)).toBe("tooSmall");
    expect(problemOf(4801, 3200)).toBe("tooLarge");
    expect(problemOf(601, 400)).toBeNull();
    const large = { width: 10_000, height: 10_000 };
    expect(upscaleTarget(large, settingsFor({ factor: 2 }), null).problem).toBe("tooLarge");
  });

  it("knows what the model lacks: a factor steps back to one that it has, a size is refused", () => {
    const target = (model: InstalledModel, changes: Partial<JobSettings>) =>
      upscaleTarget(source, settingsFor(changes), model);
    // Networks for x2 and x4, whatever a slider said with another model.
    expect(target(freeEnlarger, { factor: 8, creativity: 1 })).toMatchObject({
      factor: 4,
      problem: null,
    });
    const targetSize = { width: 3000, height: 2000 };
    expect(target(freeEnlarger, { targetSize }).problem).toBe("noFactor");
    // Three scales: what is drawn reaches to x4.
    const drawing = { ...smallModel, factors: [2, 4, 8] };
    expect(target(drawing, { factor: 8 }).factor).toBe(8);
    expect(target(drawing, { factor: 8, creativity: 0.5 }).factor).toBe(4);
    const creativeOnly = { ...smallModel, factors: [] };
    expect(target(creativeOnly, {}).problem).toBe("noFactor");
    expect(target(creativeOnly, { creativity: 0.5 }).problem).toBeNull();
  });

  it("keeps the proportions to half a pixel while they are locked", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_000 }), (width) => {
        const size = withSide(source, source, "width", width, true);
        expect(size.width).toBe(width);
        expect(Math.abs(size.height - Math.max(1, (width * 2) / 3))).toBeLessThanOrEqual(0.5);
      }),
    );
    expect(withSide(source, source, "height", 900, false)).toEqual({ width: 600, height: 900 });
    expect(withSide(source, source, "height", Number.NaN, true).height).toBe(1);
  });

  it("estimates the time only from what was measured", () => {
    expect(estimateSeconds({ width: 2000, height: 1500 }, 0.5)).toBe(6);
    expect(estimateSeconds(source, undefined)).toBeNull();
    expect(estimateSeconds(source, 0)).toBeNull();
  });
});
