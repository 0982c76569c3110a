import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEmptyRect, rectContains, type Rect } from "../rect.js";
import { stampBrush, strokeBrush, type Point } from "./brush.js";
import {
  clearCoverage,
  coverageRect,
  coverageToMask,
  createCoverage,
  invertCoverage,
  readCoverage,
  replaceCoverage,
  writeCoverage,
  type Coverage,
  type PaintMode,
} from "./coverage.js";
import { maskAlphaIn } from "./mask.js";
import { fillEllipse, fillPolygon, fillRectangle } from "./shapes.js";

const WIDTH = 24;
const HEIGHT = 18;
const coordinate = fc.double({ min: -15, max: 40, noNaN: true });
const point: fc.Arbitrary<Point> = fc.record({ x: coordinate, y: coordinate });
const rect: fc.Arbitrary<Rect> = fc.record({
  x: fc.integer({ min: -9, max: 25 }),
  y: fc.integer({ min: -9, max: 20 }),
  width: fc.integer({ min: 0, max: 30 }),
  height: fc.integer({ min: 0, max: 30 }),
});

type Stroke = (coverage: Coverage, mode: PaintMode) => Rect;

const strokes: fc.Arbitrary<Stroke> = fc.oneof(
  fc
    .record({
      points: fc.array(point, { maxLength: 4 }),
      diameterPx: fc.double({ min: 0, max: 20, noNaN: true }),
      hardness: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(
      ({ points, ...brush }): Stroke =>
        (coverage, mode) =>
          strokeBrush(coverage, { ...brush, mode }, points),
    ),
  rect.map(
    (r): Stroke =>
      (coverage, mode) =>
        fillRectangle(coverage, r, mode),
  ),
  rect.map(
    (r): Stroke =>
      (coverage, mode) =>
        fillEllipse(coverage, r, mode),
  ),
  fc.array(point, { maxLength: 6 }).map(
    (p): Stroke =>
      (coverage, mode) =>
        fillPolygon(coverage, p, mode),
  ),
);

function total(coverage: Coverage): number {
  return coverage.alpha.reduce((sum, value) => sum + value, 0);
}

describe("drawing a mask", () => {
  it("changes nothing outside the rectangle it reports, only raises when adding, only lowers when erasing", () => {
    fc.assert(
      fc.property(strokes, strokes, fc.constantFrom("add", "erase"), (first, second, mode) => {
        const coverage = createCoverage(WIDTH, HEIGHT);
        first(coverage, "add");
        const before = coverage.alpha.slice();
        const touched = second(coverage, mode);
        expect(isEmptyRect(touched) || rectContains(coverageRect(coverage), touched)).toBe(true);
        const wrong = coverage.alpha.findIndex((value, i) => {
          const x = i % WIDTH;
          const y = Math.floor(i / WIDTH);
          if (!rectContains(touched, { x, y, width: 1, height: 1 })) return value !== before[i];
          return mode === "add" ? value < before[i]! : value > before[i]!;
        });
        expect(wrong).toBe(-1);
      }),
      { numRuns: 500 },
    );
  });

  it("painted twice is painted once, and erasing the same shape leaves no more than it was", () => {
    fc.assert(
      fc.property(strokes, (stroke) => {
        const coverage = createCoverage(WIDTH, HEIGHT);
        stroke(coverage, "add");
        const once = coverage.alpha.slice();
        stroke(coverage, "add");
        expect(coverage.alpha).toEqual(once);
        stroke(coverage, "erase");
        expect(coverage.alpha.every((value, i) => value <= 255 - once[i]!)).toBe(true);
      }),
    );
  });

  it("is undone from a copy of the touched rectangle", () => {
    fc.assert(
      fc.property(strokes, strokes, (first, second) => {
        const coverage = createCoverage(WIDTH, HEIGHT);
        first(coverage, "add");
        const before = coverage.alpha.slice();
        const saved = readCoverage(coverage, coverageRect(coverage));
        const touched = second(coverage, "erase");
        if (isEmptyRect(touched)) return;
        writeCoverage(
          coverage,
          touched,
          maskAlphaIn({ rect: coverageRect(coverage), alpha: saved }, touched),
        );
        expect(coverage.alpha).toEqual(before);
      }),
    );
  });

  it("goes into a trimmed mask and comes back from it", () => {
    fc.assert(
      fc.property(strokes, (stroke) => {
        const coverage = createCoverage(WIDTH, HEIGHT);
        stroke(coverage, "add");
        const mask = coverageToMask(coverage);
        const again = createCoverage(WIDTH, HEIGHT);
        if (mask) replaceCoverage(again, mask);
        expect(again.alpha).toEqual(coverage.alpha);
      }),
    );
  });

  it("inverts twice to what it was, and clears to nothing", () => {
    const coverage = createCoverage(5, 4);
    fillRectangle(coverage, { x: 1, y: 1, width: 2, height: 2 }, "add");
    const before = coverage.alpha.slice();
    invertCoverage(coverage);
    expect(total(coverage)).toBe(255 * 16);
    invertCoverage(coverage);
    expect(coverage.alpha).toEqual(before);
    expect(clearCoverage(coverage)).toEqual({ x: 1, y: 1, width: 2, height: 2 });
    expect(coverageToMask(coverage)).toBeNull();
  });
});

describe("the brush", () => {
  it("leaves no gap along a stroke and nothing beyond its radius", () => {
    fc.assert(
      fc.property(
        point,
        point,
        fc.double({ min: 2, max: 12, noNaN: true }),
        (from, to, diameterPx) => {
          const coverage = createCoverage(WIDTH, HEIGHT);
          strokeBrush(coverage, { diameterPx, hardness: 1, mode: "add" }, [from, to]);
          const wrong = coverage.alpha.findIndex((value, i) => {
            const x = (i % WIDTH) + 0.5;
            const y = Math.floor(i / WIDTH) + 0.5;
            const [dx, dy] = [to.x - from.x, to.y - from.y];
            const t = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy || 1);
            const at = Math.max(0, Math.min(1, t));
            const distance = Math.hypot(x - from.x - at * dx, y - from.y - at * dy);
            if (distance <= diameterPx / 2 - 0.51) return value !== 255;
            return distance >= diameterPx / 2 + 0.51 && value !== 0;
          });
          expect(wrong).toBe(-1);
        },
      ),
    );
  });

  it("paints exactly one pixel with one pixel's diameter in its middle", () => {
    const coverage = createCoverage(5, 5);
    stampBrush(coverage, { diameterPx: 1, hardness: 1, mode: "add" }, { x: 2.5, y: 2.5 });
    expect(coverage.alpha[12]).toBe(255);
    expect(total(coverage)).toBe(255);
  });

  it("falls off steadily from the middle when it is soft", () => {
    const coverage = createCoverage(41, 1);
    stampBrush(coverage, { diameterPx: 40, hardness: 0, mode: "add" }, { x: 20.5, y: 0.5 });
    const right = [...coverage.alpha.slice(20)];
    expect(right[0]).toBe(255);
    expect(right[10]).toBeGreaterThan(120);
    expect(right[10]).toBeLessThan(136);
    expect(right).toEqual([...right].sort((a, b) => b - a));
    expect(right.at(-1)).toBe(0);
  });

  it("refuses numbers that are none", () => {
    const coverage = createCoverage(5, 5);
    const brush = { diameterPx: 5, hardness: 1, mode: "add" as const };
    expect(() => stampBrush(coverage, brush, { x: Number.NaN, y: 0 })).toThrow(/finite points/);
    expect(() => stampBrush(coverage, { ...brush, hardness: 2 }, { x: 0, y: 0 })).toThrow(
      /hardness 2/,
    );
  });
});

describe("shapes", () => {
  it("cover their area", () => {
    const ellipse = createCoverage(60, 60);
    fillEllipse(ellipse, { x: 5, y: 10, width: 50, height: 30 }, "add");
    expect(total(ellipse) / 255 / (Math.PI * 25 * 15)).toBeCloseTo(1, 2);
    const triangle = createCoverage(60, 60);
    fillPolygon(
      triangle,
      [
        { x: 3.2, y: 4.1 },
        { x: 50.7, y: 9.9 },
        { x: 20.3, y: 55.5 },
      ],
      "add",
    );
    const area = 0.5 * Math.abs(47.5 * 51.4 - 17.1 * 5.8);
    expect(total(triangle) / 255 / area).toBeCloseTo(1, 2);
  });

  it("are whole where they are axis-aligned", () => {
    const polygon = createCoverage(9, 9);
    fillPolygon(
      polygon,
      [
        { x: 1, y: 2 },
        { x: 6, y: 2 },
        { x: 6, y: 7 },
        { x: 1, y: 7 },
      ],
      "add",
    );
    const rectangle = createCoverage(9, 9);
    fillRectangle(rectangle, { x: 1, y: 2, width: 5, height: 5 }, "add");
    expect(polygon.alpha).toEqual(rectangle.alpha);
  });

  it("leave the hole of a polygon that goes around twice free (even-odd)", () => {
    const bow = createCoverage(12, 12);
    const outer = [
      { x: 0, y: 0 },
      { x: 12, y: 0 },
      { x: 12, y: 12 },
      { x: 0, y: 12 },
      { x: 0, y: 0 },
    ];
    const inner = [
      { x: 4, y: 4 },
      { x: 8, y: 4 },
      { x: 8, y: 8 },
      { x: 4, y: 8 },
      { x: 4, y: 4 },
    ];
    fillPolygon(bow, [...outer, ...inner], "add");
    expect([bow.alpha[0], bow.alpha[6 * 12 + 6]]).toEqual([255, 0]);
  });

  it("refuse what is not whole or not finite", () => {
    const coverage = createCoverage(5, 5);
    expect(() => fillRectangle(coverage, { x: 0.5, y: 0, width: 1, height: 1 }, "add")).toThrow(
      /whole pixels/,
    );
    const corners = [
      { x: 0, y: 0 },
      { x: 3, y: Infinity },
      { x: 3, y: 3 },
    ];
    expect(() => fillPolygon(coverage, corners, "add")).toThrow(/finite corners/);
  });
});
