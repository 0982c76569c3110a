import { describe, expect, it } from "vitest";
import { enlargeSmoothly } from "./smooth-enlarge.js";

const ramp = (side: number) => ({
  side,
  data: Float32Array.from({ length: 3 * side * side }, (_, at) => (at % side) / side),
});

describe("a picture enlarged for a preview", () => {
  it("keeps means and the range of its values", () => {
    const large = enlargeSmoothly(ramp(8), 64);
    const mean = (data: Float32Array) => data.reduce((a, b) => a + b, 0) / data.length;
    expect(mean(large.data)).toBeCloseTo(mean(ramp(8).data), 6);
    expect(Math.min(...large.data)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...large.data)).toBeLessThanOrEqual(Math.fround(7 / 8));
  });

  it("has no steps where the small one has a ramp", () => {
    const { data } = enlargeSmoothly(ramp(8), 64);
    const steps = Array.from({ length: 63 }, (_, x) => data[x + 1]! - data[x]!);
    expect(Math.max(...steps)).toBeLessThan(1 / 63);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
  });

  it("is itself at its own size", () => {
    const image = ramp(4);
    expect(enlargeSmoothly(image, 4)).toBe(image);
  });
});
