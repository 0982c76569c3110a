import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockMeans, blockSums, repeatBlocks } from "./blocks.js";

describe("blocks", () => {
  it("sum to the plane's total", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 72, maxLength: 72 }), (plane) => {
        const sums = blockSums(plane, 12, 6, 3);
        expect(sums.length).toBe(8);
        expect(sums.reduce((a, b) => a + b)).toBe(plane.reduce((a, b) => a + b));
      }),
    );
  });

  it("are laid out row by row", () => {
    const plane = Float32Array.of(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4);
    expect([...blockMeans(plane, 4, 4, 2)]).toEqual([1, 2, 3, 4]);
  });

  it("have the values as means that were repeated over them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 6, maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        (values, side) => {
          const enlarged = repeatBlocks(Float32Array.from(values), 3, 2, side);
          expect([...blockMeans(enlarged, 3 * side, 2 * side, side)]).toEqual(values);
        },
      ),
    );
  });

  it("refuse a plane of another length", () => {
    expect(() => blockSums(new Uint8Array(5), 2, 2, 1)).toThrow(/4 values but got 5/);
  });
});
