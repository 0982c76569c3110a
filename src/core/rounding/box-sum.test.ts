import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoxSumRounder, roundToSum } from "./box-sum.js";

function distance(values: ArrayLike<number>, targets: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value, i) => sum + (value - targets[i]!) ** 2, 0);
}

function sumOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}

/** Least distance over all integer vectors in the box with that sum. */
function bruteForce(targets: readonly number[], sum: number, low: number, high: number): number {
  const [target, ...rest] = targets;
  if (target === undefined) return sum === 0 ? 0 : Infinity;
  let best = Infinity;
  for (let value = low; value <= high; value++) {
    best = Math.min(best, (value - target) ** 2 + bruteForce(rest, sum - value, low, high));
  }
  return best;
}

const problems = fc
  .record({
    count: fc.integer({ min: 1, max: 5 }),
    low: fc.integer({ min: -2, max: 1 }),
    span: fc.integer({ min: 0, max: 4 }),
  })
  .chain(({ count, low, span }) =>
    fc.record({
      low: fc.constant(low),
      high: fc.constant(low + span),
      sum: fc.integer({ min: count * low, max: count * (low + span) }),
      targets: fc.array(
        fc.oneof(
          fc.double({ min: -9, max: 9, noNaN: true }),
          fc.integer({ min: -4, max: 6 }),
          fc.integer({ min: -8, max: 12 }).map((half) => half / 2),
        ),
        { minLength: count, maxLength: count },
      ),
    }),
  );

/** Blocks as they come in pictures: any size of block, 8 or 16 bits, extremes frequent. */
const blocks: fc.Arbitrary<{ high: number; sum: number; targets: number[] }> = fc
  .record({ count: fc.constantFrom(1, 4, 16, 64, 200, 256), high: fc.constantFrom(255, 65535) })
  .chain(({ count, high }) =>
    fc.record({
      high: fc.constant(high),
      sum: fc.oneof(
        fc.integer({ min: 0, max: count * high }),
        fc.constantFrom(0, 1, count * high - 1, count * high),
      ),
      targets: fc.oneof(
        fc.array(fc.double({ min: -high, max: 2 * high, noNaN: true }), {
          minLength: count,
          maxLength: count,
        }),
        fc
          .constantFrom(0, high, high / 2, 1e9, -1e9)
          .map((target) => new Array<number>(count).fill(target)),
        fc.constant(Array.from({ length: count }, (_, i) => (i % 2) * high)),
        fc.constant(Array.from({ length: count }, (_, i) => (i === 0 ? high : 0))),
      ),
    }),
  );

describe("rounding to a sum within a box", () => {
  it("finds integers as close to the targets as any search does", () => {
    fc.assert(
      fc.property(problems, ({ targets, sum, low, high }) => {
        const found = roundToSum(targets, sum, low, high);
        expect(sumOf(found)).toBe(sum);
        expect(Math.min(...found)).toBeGreaterThanOrEqual(low);
        expect(Math.max(...found)).toBeLessThanOrEqual(high);
        const best = bruteForce(targets, sum, low, high);
        expect(distance(found, targets)).toBeLessThanOrEqual(best + 1e-9 * (1 + best));
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps sum and bounds for blocks of any size, whatever was predicted", () => {
    fc.assert(
      fc.property(blocks, ({ targets, sum, high }) => {
        const found = roundToSum(targets, sum, 0, high);
        expect(sumOf(found)).toBe(sum);
        expect(found.every((value) => value >= 0 && value <= high)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("cannot be improved by moving one unit between any two values of a large block", () => {
    fc.assert(
      fc.property(blocks, ({ targets, sum, high }) => {
        const found = roundToSum(targets, sum, 0, high);
        // Moving a unit from i to j costs 2 (found_j - t_j + 1) - 2 (found_i - t_i).
        let cheapestUp = Infinity;
        let dearestDown = -Infinity;
        found.forEach((value, i) => {
          if (value < high) cheapestUp = Math.min(cheapestUp, value - targets[i]! + 1);
          if (value > 0) dearestDown = Math.max(dearestDown, value - targets[i]!);
        });
        const scale = Math.max(1, ...targets.map(Math.abs));
        expect(cheapestUp - dearestDown).toBeGreaterThanOrEqual(-1e-9 * scale);
      }),
      { numRuns: 500 },
    );
  });

  it("returns integers that already fit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (samples) => {
        expect(Array.from(roundToSum(samples, sumOf(samples), 0, 255))).toEqual([...samples]);
      }),
    );
  });

  it("spreads units over tied values instead of heaping them", () => {
    expect([...roundToSum(new Array<number>(8).fill(10.25), 82, 0, 255)]).toEqual([
      10, 10, 10, 11, 10, 10, 10, 11,
    ]);
  });

  it("gives the same again, in a rounder that was used for something else", () => {
    fc.assert(
      fc.property(blocks, blocks, (first, second) => {
        const rounder = new BoxSumRounder(256);
        for (const { targets, sum, high } of [first, second]) {
          rounder.targets.set(targets);
          rounder.round(targets.length, sum, 0, high);
        }
        const again = roundToSum(second.targets, second.sum, 0, second.high);
        expect(rounder.result.slice(0, again.length)).toEqual(again);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["too large a sum", [1, 2], 511],
    ["too small a sum", [1, 2], -1],
    ["a sum that is not whole", [1, 2], 2.5],
    ["no values", [], 0],
  ])("refuses %s", (_, targets, sum) => {
    expect(() => roundToSum(targets, sum, 0, 255)).toThrow(/can reach but got/);
  });

  it.each([Number.NaN, Infinity, -Infinity, 1e12])("refuses the target %s", (target) => {
    expect(() => roundToSum([1, target], 2, 0, 255)).toThrow(/wrong result/);
  });
});

describe("weighted rounding", () => {
  const weighted = blocks.chain((block) => {
    const count = block.targets.length;
    const weight = fc.integer({ min: 1, max: 255 });
    return fc
      .array(weight, { minLength: count, maxLength: count })
      .map((weights) => ({ ...block, weights }));
  });

  it("keeps sum and bounds, and each value near a common shift times its weight", () => {
    fc.assert(
      fc.property(weighted, ({ targets, weights, sum, high }) => {
        const rounder = new BoxSumRounder(targets.length);
        rounder.targets.set(targets);
        rounder.weights.set(weights);
        rounder.roundWeighted(targets.length, sum, 0, high);
        const found = rounder.result;
        expect(sumOf(found)).toBe(sum);
        expect(found.every((value) => value >= 0 && value <= high)).toBe(true);
        // One shift explains all values: the largest lower limit is not above the least upper limit.
        let atLeast = -Infinity;
        let atMost = Infinity;
        found.forEach((value, i) => {
          if (value > 0) atLeast = Math.max(atLeast, (value - 1 - targets[i]!) / weights[i]!);
          if (value < high) atMost = Math.min(atMost, (value + 1 - targets[i]!) / weights[i]!);
        });
        const scale = Math.max(1, ...targets.map(Math.abs));
        expect(atMost - atLeast).toBeGreaterThanOrEqual(-1e-9 * scale);
      }),
      { numRuns: 500 },
    );
  });

  it("is plain rounding when all weights are equal", () => {
    fc.assert(
      fc.property(problems, ({ targets, sum, low, high }) => {
        const rounder = new BoxSumRounder(targets.length);
        rounder.targets.set(targets);
        rounder.weights.fill(7);
        rounder.roundWeighted(targets.length, sum, low, high);
        const plain = distance(roundToSum(targets, sum, low, high), targets);
        expect(distance(rounder.result, targets)).toBeLessThanOrEqual(plain + 1e-9 * (1 + plain));
      }),
    );
  });
});
