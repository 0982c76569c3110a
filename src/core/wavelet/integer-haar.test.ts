import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitrarySamples } from "../testing/arbitraries.js";
import { blockSums } from "./blocks.js";
import { integerHaarForward, integerHaarInverse } from "./integer-haar.js";

const planes = fc
  .record({
    levels: fc.integer({ min: 0, max: 5 }),
    columns: fc.integer({ min: 1, max: 2 }),
    rows: fc.integer({ min: 1, max: 2 }),
    max: fc.constantFrom(255, 65535),
  })
  .chain(({ levels, columns, rows, max }) => {
    const width = columns * 2 ** levels;
    const height = rows * 2 ** levels;
    return arbitrarySamples(width * height, max).map((values) => ({
      levels,
      width,
      height,
      plane: max === 255 ? Uint8Array.from(values) : Uint16Array.from(values),
    }));
  });

describe("the integer Haar pyramid", () => {
  it("is undone bit by bit at 8 and 16 bits, extremes included", () => {
    fc.assert(
      fc.property(planes, ({ plane, width, height, levels }) => {
        const back = integerHaarInverse(integerHaarForward(plane, width, height, levels));
        expect(Array.from(back)).toEqual(Array.from(plane));
      }),
    );
  });

  it("has the exact block sums as its approximation", () => {
    fc.assert(
      fc.property(planes, ({ plane, width, height, levels }) => {
        const { approximation } = integerHaarForward(plane, width, height, levels);
        expect(Array.from(approximation)).toEqual(
          Array.from(blockSums(plane, width, height, 2 ** levels)),
        );
      }),
    );
  });

  it("stays exact where sums leave 32 bits (9 levels of white at 16 bits)", () => {
    const side = 512;
    const plane = new Uint16Array(side * side).fill(65535);
    plane[3] = 0;
    const pyramid = integerHaarForward(plane, side, side, 9);
    expect(pyramid.approximation[0]).toBe(65535 * (side * side - 1));
    expect(pyramid.approximation[0]).toBeGreaterThan(2 ** 31);
    const back = integerHaarInverse(pyramid);
    expect(back.every((value, index) => value === plane[index])).toBe(true);
  });

  it("names the side that does not divide", () => {
    expect(() => integerHaarForward(new Uint8Array(6), 2, 3, 1)).toThrow(
      /height.*multiple of 2.*got 3/,
    );
  });
});
