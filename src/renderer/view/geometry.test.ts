import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fitView,
  keepInSight,
  nextZoomStep,
  openingView,
  toPicture,
  toScreen,
  visibleRect,
  zoomAt,
} from "./geometry.js";

const side = fc.integer({ min: 1, max: 20_000 });
const size = fc.record({ width: side, height: side });
const canvas = { width: 900, height: 600 };
const coordinate = fc.integer({ min: -2_000, max: 2_000 });
const point = fc.record({ x: coordinate, y: coordinate });
const view = fc.record({
  scale: fc.double({ min: 1 / 64, max: 64, noNaN: true }),
  x: coordinate,
  y: coordinate,
});

describe("view geometry", () => {
  it("keeps the point under the cursor in place while zooming", () => {
    fc.assert(
      fc.property(view, point, fc.double({ min: 1 / 64, max: 64, noNaN: true }), (v, at, scale) => {
        const before = toPicture(v, at);
        const after = toPicture(zoomAt(v, scale, at), at);
        expect(after.x).toBeCloseTo(before.x, 3);
        expect(after.y).toBeCloseTo(before.y, 3);
      }),
    );
  });

  it("fits every picture into the window without enlarging it", () => {
    fc.assert(
      fc.property(size, (picture) => {
        const fitted = fitView(picture, canvas);
        expect(fitted.scale).toBeLessThanOrEqual(1);
        const corner = toScreen(fitted, { x: picture.width, y: picture.height });
        if (fitted.scale > 1 / 64) {
          expect(fitted.x).toBeGreaterThanOrEqual(0);
          expect(corner.x).toBeLessThanOrEqual(canvas.width + 1);
          expect(corner.y).toBeLessThanOrEqual(canvas.height + 1);
        }
      }),
    );
  });

  it("opens small pictures at a whole enlargement", () => {
    expect(openingView({ width: 96, height: 64 }, canvas).scale).toBe(7);
    expect(openingView({ width: 800, height: 500 }, canvas).scale).toBe(1);
  });

  it("never loses the picture out of sight", () => {
    fc.assert(
      fc.property(view, size, (v, picture) => {
        const kept = keepInSight(v, picture, canvas);
        expect(kept.x).toBeLessThan(canvas.width);
        expect(kept.x + picture.width * kept.scale).toBeGreaterThan(0);
      }),
    );
  });

  it("cuts what can be seen to the picture", () => {
    const rect = visibleRect({ scale: 2, x: -100, y: 50 }, { width: 300, height: 200 }, canvas);
    expect(rect).toEqual({ x: 50, y: 0, width: 250, height: 200 });
  });

  it("steps through round zoom levels in both directions", () => {
    expect(nextZoomStep(0.9, "in")).toBe(1);
    expect(nextZoomStep(1, "in")).toBe(1.5);
    expect(nextZoomStep(1, "out")).toBeCloseTo(2 / 3);
    expect(nextZoomStep(64, "in")).toBe(64);
  });
});
