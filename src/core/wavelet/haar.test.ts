import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockMeans } from "./blocks.js";
import { haarForward, haarInverse } from "./haar.js";

const planes = fc
  .record({
    levels: fc.integer({ min: 0, max: 4 }),
    columns: fc.integer({ min: 1, max: 3 }),
    rows: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ levels, columns, rows }) => {
    const width = columns * 2 ** levels;
    const height = rows * 2 ** levels;
    return fc
      .array(fc.float({ min: -1, max: 1, noNaN: true }), {
        minLength: width * height,
        maxLength: width * height,
      })
      .map((values) => ({ levels, width, height, plane: Float32Array.from(values) }));
  });

function energy(values: Iterable<number>): number {
  return [...values].reduce((sum, value) => sum + value * value, 0);
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce(
    (worst, value, index) => Math.max(worst, Math.abs(value - b[index]!)),
    0,
  );
}

describe("the float Haar pyramid", () => {
  it("is undone within 1e-6", () => {
    fc.assert(
      fc.property(planes, ({ plane, width, height, levels }) => {
        const back = haarInverse(haarForward(plane, width, height, levels));
        expect(largestDifference(back, plane)).toBeLessThanOrEqual(1e-6);
      }),
    );
  });

  it("has the block means as its approximation at every level", () => {
    fc.assert(
      fc.property(planes, ({ plane, width, height, levels }) => {
        const { approximation } = haarForward(plane, width, height, levels);
        const means = blockMeans(plane, width, height, 2 ** levels);
        expect(largestDifference(approximation, means)).toBeLessThanOrEqual(1e-6);
      }),
    );
  });

  it("keeps the energy once each level is scaled by 2 (the basis is orthogonal)", () => {
    fc.assert(
      fc.property(planes, ({ plane, width, height, levels }) => {
        const pyramid = haarForward(plane, width, height, levels);
        const details = pyramid.details.reduce((sum, band, index) => {
          const gain = 4 ** (levels - index);
          const own = energy(band.horizontal) + energy(band.vertical) + energy(band.diagonal);
          return sum + gain * own;
        }, 0);
        const total = 4 ** levels * energy(pyramid.approximation) + details;
        expect(Math.abs(total - energy(plane))).toBeLessThanOrEqual(1e-5 * (1 + energy(plane)));
      }),
    );
  });

  it("orders details coarse to fine and names the directions as the layout expects", () => {
    const leftRight = Float32Array.of(1, 0, 1, 0);
    const { details } = haarForward(leftRight, 2, 2, 1);
    expect(
      details.map(({ horizontal, vertical, diagonal }) => [
        ...horizontal,
        ...vertical,
        ...diagonal,
      ]),
    ).toEqual([[0.5, 0, 0]]);
    const two = haarForward(new Float32Array(8 * 4), 8, 4, 2);
    expect(two.details.map(({ width, height }) => [width, height])).toEqual([
      [2, 1],
      [4, 2],
    ]);
  });

  it("leaves its argument alone", () => {
    const plane = Float32Array.of(1, 2, 3, 4);
    haarForward(plane, 2, 2, 1);
    expect([...plane]).toEqual([1, 2, 3, 4]);
  });

  it("names the side that does not divide", () => {
    expect(() => haarForward(new Float32Array(8 * 250), 250, 8, 3)).toThrow(
      /width to be a positive multiple of 8 but got 250; crop or pad/,
    );
    expect(() => haarForward(new Float32Array(8 * 6), 8, 6, 2)).toThrow(
      /height.*multiple of 4.*got 6/,
    );
  });
});
