import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clampRectInto,
  inflateRect,
  intersectRects,
  isEmptyRect,
  isValidRect,
  overhang,
  rectContains,
  rectFromEdges,
  rectsEqual,
  translateRect,
  uniteRects,
  type Rect,
} from "./rect.js";

const rects: fc.Arbitrary<Rect> = fc.record({
  x: fc.integer({ min: -20, max: 20 }),
  y: fc.integer({ min: -20, max: 20 }),
  width: fc.integer({ min: 0, max: 20 }),
  height: fc.integer({ min: 0, max: 20 }),
});

function holds(rect: Rect, x: number, y: number): boolean {
  return x >= rect.x && y >= rect.y && x < rect.x + rect.width && y < rect.y + rect.height;
}

const pixels = fc.integer({ min: -45, max: 45 });

describe("rectangles", () => {
  it("intersect to exactly the pixels that lie in both", () => {
    fc.assert(
      fc.property(rects, rects, pixels, pixels, (a, b, x, y) => {
        expect(holds(intersectRects(a, b), x, y)).toBe(holds(a, x, y) && holds(b, x, y));
      }),
      { numRuns: 500 },
    );
  });

  it("unite to the smallest rectangle that contains both", () => {
    fc.assert(
      fc.property(rects, rects, (a, b) => {
        const union = uniteRects(a, b);
        expect(rectContains(union, a) && rectContains(union, b)).toBe(true);
        for (const shrunk of [
          rectFromEdges(union.x + 1, union.y, union.x + union.width, union.y + union.height),
          rectFromEdges(union.x, union.y, union.x + union.width, union.y + union.height - 1),
        ]) {
          if (isEmptyRect(union)) continue;
          expect(rectContains(shrunk, a) && rectContains(shrunk, b)).toBe(false);
        }
      }),
    );
  });

  it("are clamped into larger bounds without changing their size, and stay if they already lie there", () => {
    fc.assert(
      fc.property(rects, (rect) => {
        const bounds = { x: -5, y: 3, width: 20, height: 25 };
        const clamped = clampRectInto(rect, bounds);
        expect(clamped).toMatchObject({ width: rect.width, height: rect.height });
        expect(rectContains(bounds, clamped)).toBe(true);
        if (rectContains(bounds, rect) && !isEmptyRect(rect)) {
          expect(rectsEqual(clamped, rect)).toBe(true);
        }
      }),
    );
  });

  it("start where the bounds start when they are longer", () => {
    const clamped = clampRectInto(
      { x: 7, y: 0, width: 50, height: 2 },
      rectFromEdges(2, 0, 10, 10),
    );
    expect(clamped).toEqual({ x: 2, y: 0, width: 50, height: 2 });
  });

  it("tell how far they hang over", () => {
    const rect = { x: -2, y: 3, width: 10, height: 10 };
    expect(overhang(rect, rectFromEdges(0, 0, 5, 20))).toEqual({
      left: 2,
      top: 0,
      right: 3,
      bottom: 0,
    });
  });

  it("inflate and translate by whole pixels, never to a negative size", () => {
    const rect = rectFromEdges(0, 0, 4, 4);
    expect(inflateRect(rect, 1)).toEqual({ x: -1, y: -1, width: 6, height: 6 });
    expect(isEmptyRect(inflateRect(rect, -3))).toBe(true);
    expect(translateRect(rect, 2, -1)).toEqual({ x: 2, y: -1, width: 4, height: 4 });
  });

  it("are valid only with integer places and sizes that are not negative", () => {
    expect(isValidRect(rectFromEdges(0, 0, 1, 1))).toBe(true);
    expect(isValidRect({ x: 0.5, y: 0, width: 1, height: 1 })).toBe(false);
    expect(isValidRect({ x: 0, y: 0, width: -1, height: 1 })).toBe(false);
    expect(isValidRect({ x: Number.NaN, y: 0, width: 1, height: 1 })).toBe(false);
  });
});
