import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finishedRows, planTiles, tileRect, type AxisTiles } from "./tiles.js";

const queries = fc
  .record({
    width: fc.integer({ min: 1, max: 900 }),
    height: fc.integer({ min: 1, max: 900 }),
    imageSize: fc.constantFrom(64, 128, 256),
    factor: fc.constantFrom(2, 4, 8),
    overlapShare: fc.double({ min: 0, max: 0.999, noNaN: true }),
  })
  .map(({ overlapShare, ...query }) => ({
    ...query,
    overlap: Math.floor(overlapShare * Math.ceil(query.imageSize / query.factor / 2 - 1)),
  }));

/** Sum of all tiles' weights at every pixel that a tile covers. */
function weightSums({ starts, weights }: AxisTiles): Map<number, number> {
  const sums = new Map<number, number>();
  weights.forEach((tile, i) =>
    tile.forEach((weight, p) => {
      const at = starts[i]! + p;
      sums.set(at, (sums.get(at) ?? 0) + weight);
    }),
  );
  return sums;
}

describe("tiles", () => {
  it("cover the picture with full-size tiles that stay inside where it is large enough", () => {
    fc.assert(
      fc.property(queries, (query) => {
        const plan = planTiles(query);
        expect(plan.tileSide).toBe(query.imageSize / query.factor);
        for (const axis of [plan.columns, plan.rows]) {
          const last = axis.starts.at(-1)!;
          expect(axis.starts[0]).toBe(0);
          if (axis.length >= plan.tileSide) expect(last + plan.tileSide).toBe(axis.length);
          else expect(axis.starts).toEqual([0]);
          axis.starts.slice(1).forEach((start, i) => {
            expect(start).toBeGreaterThan(axis.starts[i]!);
            expect(axis.starts[i]! + plan.tileSide - start).toBeGreaterThanOrEqual(query.overlap);
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  it("blend with positive weights that sum to 1 at every pixel", () => {
    fc.assert(
      fc.property(queries, (query) => {
        const plan = planTiles(query);
        for (const axis of [plan.columns, plan.rows]) {
          expect(axis.weights.every((tile) => tile.every((weight) => weight > 0))).toBe(true);
          for (let at = 0; at < axis.length; at++) {
            expect(Math.abs(weightSums(axis).get(at)! - 1)).toBeLessThan(1e-6);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it("start at multiples of an alignment if they have to, and cover and blend all the same", () => {
    fc.assert(
      fc.property(queries, fc.constantFrom(1, 2, 4), (query, alignment) => {
        const plan = planTiles({
          ...query,
          overlap: Math.min(alignment, query.overlap),
          alignment,
        });
        for (const { starts, length, weights } of [plan.columns, plan.rows]) {
          expect(starts.every((start) => start % alignment === 0)).toBe(true);
          expect(starts.at(-1)! + plan.tileSide).toBeGreaterThanOrEqual(length);
          if (starts.length > 1) expect(starts.at(-2)! + plan.tileSide).toBeLessThan(length);
          const sums = weightSums({ starts, length, weights });
          for (let at = 0; at < length; at += 7) {
            expect(Math.abs(sums.get(at)! - 1)).toBeLessThan(1e-6);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it("fade smoothly: no weight jumps by more than two steps of its ramp", () => {
    const { columns } = planTiles({
      width: 200,
      height: 64,
      imageSize: 128,
      factor: 2,
      overlap: 16,
    });
    for (const tile of columns.weights) {
      tile.slice(1).forEach((weight, p) => {
        expect(Math.abs(weight - tile[p]!)).toBeLessThan(Math.PI / 16);
      });
    }
  });

  it("finish their rows in order, each exactly once, and never before the last tile that touches them", () => {
    fc.assert(
      fc.property(queries, (query) => {
        const plan = planTiles(query);
        let next = 0;
        plan.rows.starts.forEach((start, row) => {
          const done = finishedRows(plan, row);
          expect(done.start).toBe(next);
          expect(done.end).toBeLessThanOrEqual(start + plan.tileSide);
          expect(done.end).toBeLessThanOrEqual(plan.rows.starts[row + 1] ?? query.height);
          next = done.end;
        });
        expect(next).toBe(query.height);
      }),
    );
  });

  it("tell their place, and refuse tiles that do not exist", () => {
    const plan = planTiles({ width: 100, height: 40, imageSize: 128, factor: 2, overlap: 8 });
    expect(tileRect(plan, 1, 0)).toEqual({ x: 36, y: 0, width: 64, height: 64 });
    expect(() => tileRect(plan, 2, 0)).toThrow(/2 columns and 1 rows but got column 2/);
  });

  it.each([
    { factor: 3 },
    { factor: 1 },
    { factor: 256 },
    { overlap: 32 },
    { overlap: -1 },
    { width: 0 },
  ])("refuse %j", (change) => {
    const query = { width: 100, height: 40, imageSize: 128, factor: 2, overlap: 8 };
    expect(() => planTiles({ ...query, ...change })).toThrow(/Expected a factor/);
  });
});
