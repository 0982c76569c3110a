import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rectContains, type Rect } from "../rect.js";
import { strokeBrush, type PaintMode, type Point } from "./brush.js";
import { combineMasks, COMBINE_MODES, fillTiledMask, invertTiledMask } from "./combine.js";
import { strengthAt } from "./falloff.js";
import { fillEllipse, fillPolygon, fillRectangle } from "./shapes.js";
import { readTiledMask, resizeTiledMask, toMask, writeTiledMask } from "./tiled-mask-pixels.js";
import { TiledMask, tiledMaskBounds } from "./tiled-mask.js";

/** Larger than one tile in both directions; what is drawn lies where four tiles meet. */
const WIDTH = 283;
const HEIGHT = 271;
const coordinate = fc.double({ min: 230, max: 290, noNaN: true });
const point: fc.Arbitrary<Point> = fc.record({ x: coordinate, y: coordinate });
const rect: fc.Arbitrary<Rect> = fc.record({
  x: fc.integer({ min: 220, max: 290 }),
  y: fc.integer({ min: 220, max: 280 }),
  width: fc.integer({ min: 0, max: 50 }),
  height: fc.integer({ min: 0, max: 50 }),
});

type Shape = (mask: TiledMask) => Rect;
const strokes = fc.record({
  points: fc.array(point, { maxLength: 4 }),
  diameterPx: fc.double({ min: 0, max: 40, noNaN: true }),
  hardness: fc.double({ min: 0, max: 1, noNaN: true }),
});
const shapes: fc.Arbitrary<Shape> = fc.oneof(
  strokes.map(
    ({ points, ...brush }): Shape =>
      (mask) =>
        strokeBrush(mask, { ...brush, mode: "add" }, points),
  ),
  rect.map(
    (r): Shape =>
      (mask) =>
        fillRectangle(mask, r),
  ),
  rect.map(
    (r): Shape =>
      (mask) =>
        fillEllipse(mask, r),
  ),
  fc.array(point, { maxLength: 6 }).map(
    (p): Shape =>
      (mask) =>
        fillPolygon(mask, p),
  ),
);

const empty = () => new TiledMask(WIDTH, HEIGHT);
const drawn = (...list: Shape[]) => {
  const mask = empty();
  for (const shape of list) shape(mask);
  mask.takeChange();
  return mask;
};
const pixels = (mask: TiledMask) => readTiledMask(mask, mask.rect);
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const total = (mask: TiledMask) => pixels(mask).reduce((sum, value) => sum + value, 0);
const firstWrong = (mask: TiledMask, isRight: (value: number, x: number, y: number) => boolean) =>
  pixels(mask).findIndex((value, i) => !isRight(value, i % WIDTH, Math.floor(i / WIDTH)));
const runs = { numRuns: 60 };

describe("drawing a mask", () => {
  it("changes nothing outside of the rectangle it reports", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const mask = empty();
        const touched = shape(mask);
        expect(rectContains(mask.rect, touched)).toBe(true);
        const isRight = (value: number, x: number, y: number) =>
          value === 0 || rectContains(touched, { x, y, width: 1, height: 1 });
        expect(firstWrong(mask, isRight)).toBe(-1);
      }),
      runs,
    );
  });

  it("only raises values when a brush adds and only lowers them when it erases, once or twice", () => {
    fc.assert(
      fc.property(
        shapes,
        strokes,
        fc.constantFrom<PaintMode>("add", "erase"),
        (shape, stroke, mode) => {
          const mask = drawn(shape);
          const before = pixels(mask);
          const paint = () => strokeBrush(mask, { ...stroke, mode }, stroke.points);
          paint();
          const once = pixels(mask);
          expect(once.every((v, i) => (mode === "add" ? v >= before[i]! : v <= before[i]!))).toBe(
            true,
          );
          paint();
          expect(isSame(pixels(mask), once)).toBe(true);
        },
      ),
      runs,
    );
  });

  it("is the same stroke in one go and point by point, each from the dab of the last", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.record({
          points: fc.array(point, { minLength: 1, maxLength: 5 }),
          diameterPx: fc.double({ min: 0, max: 700, noNaN: true }),
          hardness: fc.double({ min: 0, max: 1, noNaN: true }),
          mode: fc.constantFrom<PaintMode>("add", "erase"),
        }),
        (shape, { points, ...brush }) => {
          const [atOnce, inParts] = [drawn(shape), drawn(shape)];
          strokeBrush(atOnce, brush, points);
          strokeBrush(inParts, brush, points.slice(0, 1));
          for (let i = 1; i < points.length; i++) {
            strokeBrush(inParts, brush, points.slice(i - 1, i + 1), true);
          }
          expect(isSame(pixels(inParts), pixels(atOnce))).toBe(true);
        },
      ),
      runs,
    );
  });

  it("has the strength of each pixel's distance to the stroke, for any brush", () => {
    fc.assert(
      fc.property(point, point, strokes, (from, to, { diameterPx, hardness }) => {
        const mask = empty();
        strokeBrush(mask, { diameterPx, hardness, mode: "add" }, [from, to]);
        const radius = Math.max(1, diameterPx) / 2;
        const inner = Math.min(radius * hardness, radius - 0.5);
        const radii = { inner, outer: Math.max(radius, inner + 1) };
        const [dx, dy] = [to.x - from.x, to.y - from.y];
        const isRight = (value: number, x: number, y: number) => {
          const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
          const along = Math.max(0, Math.min(1, (px * dx + py * dy) / (dx * dx + dy * dy || 1)));
          const squared = (px - along * dx) ** 2 + (py - along * dy) ** 2;
          // Just between two strengths either is right.
          const near = [squared - 1e-6, squared + 1e-6];
          return near.some((d) => strengthAt(Math.max(0, d), radii) === value);
        };
        expect(firstWrong(mask, isRight)).toBe(-1);
      }),
      runs,
    );
  });

  it("is taken back and repeated exactly, and costs the tiles that changed", () => {
    fc.assert(
      fc.property(shapes, shapes, (first, second) => {
        const mask = drawn(first);
        const before = pixels(mask);
        second(mask);
        const after = pixels(mask);
        const change = mask.takeChange();
        expect(change === null).toBe(isSame(before, after));
        if (change === null) return;
        const redo = mask.restore(change);
        expect(isSame(pixels(mask), before)).toBe(true);
        mask.restore(redo);
        expect(isSame(pixels(mask), after)).toBe(true);
      }),
      runs,
    );
  });

  it("knows the exact bounds of what is masked, and goes into a trimmed mask and back", () => {
    fc.assert(
      fc.property(shapes, shapes, (first, second) => {
        const mask = drawn(first, second);
        const trimmed = toMask(mask);
        const again = empty();
        if (trimmed !== null) {
          writeTiledMask(again, trimmed);
          const { rect: bounds, alpha } = trimmed;
          const hasInk = (isOnSide: (x: number, y: number) => boolean) =>
            alpha.some((v, i) => v > 0 && isOnSide(i % bounds.width, Math.floor(i / bounds.width)));
          expect(hasInk((x) => x === 0) && hasInk((_, y) => y === 0)).toBe(true);
          expect(hasInk((x) => x === bounds.width - 1)).toBe(true);
          expect(hasInk((_, y) => y === bounds.height - 1)).toBe(true);
        }
        expect(isSame(pixels(again), pixels(mask))).toBe(true);
      }),
      runs,
    );
  });

  it("gives memory back where tiles hold one value", () => {
    const mask = drawn((m) => fillRectangle(m, m.rect));
    expect(mask.bytes).toBe(0);
    expect(mask.valueAt(WIDTH - 1, HEIGHT - 1)).toBe(255);
    strokeBrush(mask, { diameterPx: 900, hardness: 1, mode: "erase" }, [{ x: 140, y: 140 }]);
    mask.takeChange();
    expect(mask.bytes).toBe(0);
    expect(tiledMaskBounds(mask)).toBeNull();
  });
});

describe("combining masks", () => {
  it("follows the rule of each mode at every pixel", () => {
    fc.assert(
      fc.property(shapes, shapes, fc.constantFrom(...COMBINE_MODES), (first, second, mode) => {
        const mask = drawn(first);
        const old = pixels(mask);
        const shape = drawn(second);
        const other = pixels(shape);
        combineMasks(mask, shape, mode);
        const expected = old.map((value, i) => {
          if (mode === "add") return Math.max(value, other[i]!);
          return Math.min(value, mode === "intersect" ? other[i]! : 255 - other[i]!);
        });
        expect(isSame(pixels(mask), expected)).toBe(true);
        expect(isSame(pixels(shape), other)).toBe(true);
      }),
      runs,
    );
  });

  it("inverts twice to what it was, and fills everything", () => {
    const mask = drawn((m) => fillEllipse(m, { x: 200, y: 200, width: 70, height: 60 }));
    const before = pixels(mask);
    invertTiledMask(mask);
    expect(
      isSame(
        pixels(mask),
        before.map((value) => 255 - value),
      ),
    ).toBe(true);
    invertTiledMask(mask);
    expect(isSame(pixels(mask), before)).toBe(true);
    fillTiledMask(mask, 255);
    expect(tiledMaskBounds(mask)).toEqual(mask.rect);
  });
});

describe("a mask for another size", () => {
  it("repeats or leaves out pixels", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const mask = drawn(shape);
        const large = resizeTiledMask(mask, 2 * WIDTH, 2 * HEIGHT);
        const around = pixels(mask);
        const doubled = readTiledMask(large, large.rect);
        const wrong = doubled.findIndex((value, i) => {
          const x = Math.floor((i % (2 * WIDTH)) / 2);
          return value !== around[Math.floor(i / (4 * WIDTH)) * WIDTH + x];
        });
        expect(wrong).toBe(-1);
        expect(isSame(pixels(resizeTiledMask(large, WIDTH, HEIGHT)), around)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});

describe("the brush", () => {
  it("leaves no gap along a stroke and nothing beyond its radius", () => {
    fc.assert(
      fc.property(
        point,
        point,
        fc.double({ min: 2, max: 30, noNaN: true }),
        (from, to, diameterPx) => {
          const mask = empty();
          strokeBrush(mask, { diameterPx, hardness: 1, mode: "add" }, [from, to]);
          const wrong = firstWrong(mask, (value, column, row) => {
            const [x, y] = [column + 0.5, row + 0.5];
            const [dx, dy] = [to.x - from.x, to.y - from.y];
            const t = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy || 1);
            const at = Math.max(0, Math.min(1, t));
            const distance = Math.hypot(x - from.x - at * dx, y - from.y - at * dy);
            if (distance <= diameterPx / 2 - 0.51) return value === 255;
            return distance < diameterPx / 2 + 0.51 || value === 0;
          });
          expect(wrong).toBe(-1);
        },
      ),
      runs,
    );
  });

  it("gets narrower with less pressure, steadily along the stroke", () => {
    const mask = empty();
    strokeBrush(mask, { diameterPx: 40, hardness: 1, mode: "add" }, [
      { x: 40, y: 100, pressure: 1 },
      { x: 240, y: 100, pressure: 0.1 },
    ]);
    const widthAt = (x: number) => {
      const column = readTiledMask(mask, { x, y: 0, width: 1, height: HEIGHT });
      return column.reduce((sum, value) => sum + value, 0) / 255;
    };
    const widths = [50, 100, 150, 200, 238].map(widthAt);
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    expect(widths[0]).toBeGreaterThan(35);
    expect(widths.at(-1)).toBeLessThan(8);
  });

  it("paints exactly one pixel with one pixel's diameter in its middle", () => {
    const mask = empty();
    strokeBrush(mask, { diameterPx: 1, hardness: 1, mode: "add" }, [{ x: 255.5, y: 255.5 }]);
    expect(mask.valueAt(255, 255)).toBe(255);
    expect(total(mask)).toBe(255);
  });

  it("falls off steadily from the middle when it is soft", () => {
    const mask = empty();
    strokeBrush(mask, { diameterPx: 40, hardness: 0, mode: "add" }, [{ x: 250.5, y: 9.5 }]);
    const right = [...readTiledMask(mask, { x: 250, y: 9, width: 21, height: 1 })];
    expect(right[0]).toBe(255);
    expect(right[10]).toBeGreaterThan(120);
    expect(right[10]).toBeLessThan(136);
    expect(right).toEqual([...right].sort((a, b) => b - a));
    expect(right.at(-1)).toBe(0);
  });

  it("refuses numbers that are none", () => {
    const brush = { diameterPx: 5, hardness: 1, mode: "add" as const };
    expect(() => strokeBrush(empty(), brush, [{ x: Number.NaN, y: 0 }])).toThrow(/finite points/);
    expect(() => strokeBrush(empty(), { ...brush, hardness: 2 }, [{ x: 0, y: 0 }])).toThrow(
      /hardness 2/,
    );
    expect(() => strokeBrush(empty(), brush, [{ x: 0, y: 0, pressure: 3 }])).toThrow(/pressure/);
  });
});

describe("shapes", () => {
  it("cover their area", () => {
    const ellipse = empty();
    fillEllipse(ellipse, { x: 205, y: 210, width: 50, height: 30 });
    expect(total(ellipse) / 255 / (Math.PI * 25 * 15)).toBeCloseTo(1, 2);
    const triangle = empty();
    const corners = [
      { x: 203.2, y: 204.1 },
      { x: 250.7, y: 209.9 },
      { x: 220.3, y: 255.5 },
    ];
    fillPolygon(triangle, corners);
    const area = 0.5 * Math.abs(47.5 * 51.4 - 17.1 * 5.8);
    expect(total(triangle) / 255 / area).toBeCloseTo(1, 2);
  });

  it("are whole where they are axis-aligned", () => {
    const polygon = empty();
    const corners = [
      { x: 250, y: 252 },
      { x: 261, y: 252 },
      { x: 261, y: 264 },
      { x: 250, y: 264 },
    ];
    fillPolygon(polygon, corners);
    const rectangle = drawn((m) => fillRectangle(m, { x: 250, y: 252, width: 11, height: 12 }));
    expect(isSame(pixels(polygon), pixels(rectangle))).toBe(true);
  });

  it("leave the hole of a polygon that goes around twice free (even-odd)", () => {
    const square = (from: number, to: number) => [
      { x: from, y: from },
      { x: to, y: from },
      { x: to, y: to },
      { x: from, y: to },
      { x: from, y: from },
    ];
    const mask = empty();
    fillPolygon(mask, [...square(0, 12), ...square(4, 8)]);
    expect([mask.valueAt(0, 0), mask.valueAt(6, 6)]).toEqual([255, 0]);
  });

  it("refuse what is not whole or not finite", () => {
    const half = { x: 0.5, y: 0, width: 1, height: 1 };
    expect(() => fillRectangle(empty(), half)).toThrow(/whole pixels/);
    const corners = [
      { x: 0, y: 0 },
      { x: 3, y: Infinity },
      { x: 3, y: 3 },
    ];
    expect(() => fillPolygon(empty(), corners)).toThrow(/finite/);
  });
});
