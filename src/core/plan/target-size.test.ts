import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isExact, planTarget } from "./target-size.js";

const side = fc.integer({ min: 1, max: 5_000 });

describe("a target size", () => {
  it("is reached by the smallest power of two, and never enlarged again", () => {
    fc.assert(
      fc.property(
        side,
        side,
        fc.double({ min: 1, max: 8, noNaN: true }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (width, height, most, other) => {
          const size = {
            width: Math.min(width * 8, Math.floor(width * most) + 1),
            height: Math.max(1, Math.floor(height * most * other)),
          };
          const { factor, enlarged, target } = planTarget({ width, height }, 2, size);
          expect(target).toEqual(size);
          expect(enlarged.width).toBeGreaterThanOrEqual(size.width);
          expect(enlarged.height).toBeGreaterThanOrEqual(size.height);
          const isLeast =
            factor === 2 ||
            (width * factor) / 2 < size.width ||
            (height * factor) / 2 < size.height;
          expect(isLeast).toBe(true);
        },
      ),
    );
  });

  it("is exact for a power of two, named as a factor or as a size", () => {
    const source = { width: 33, height: 7 };
    expect(isExact(planTarget(source, 4))).toBe(true);
    const named = planTarget(source, 2, { width: 264, height: 56 });
    expect([named.factor, isExact(named)]).toEqual([8, true]);
    expect(isExact(planTarget(source, 2, { width: 264, height: 55 }))).toBe(false);
  });

  it("has blocks for the picture's pixels where it is a whole number of times as large", () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 2, max: 8 }), (width, height, times) => {
        const size = { width: width * times, height: height * times };
        expect(planTarget({ width, height }, 2, size).blockSide).toBe(times);
        const wider = { ...size, width: size.width + (times === 8 ? -1 : 1) };
        expect(planTarget({ width, height }, 2, wider).blockSide).toBeNull();
      }),
    );
    expect(planTarget({ width: 10, height: 4 }, 2, { width: 30, height: 8 }).blockSide).toBeNull();
    expect(planTarget({ width: 9, height: 5 }, 8).blockSide).toBe(8);
  });

  it.each([
    [100, 50],
    [80, 50],
    [801, 400],
  ])("is refused as %i x %i for a picture of 100 x 50", (width, height) => {
    const plan = () => planTarget({ width: 100, height: 50 }, 2, { width, height });
    expect(plan).toThrow(/larger than 100 x 50 and at most 800 x 400/);
  });
});
