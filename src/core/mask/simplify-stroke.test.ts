import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StrokePoint } from "./brush.js";
import { simplifyStroke } from "./simplify-stroke.js";

const DIAMETER = 40;
const point: fc.Arbitrary<StrokePoint> = fc.record({
  x: fc.integer({ min: 0, max: 200 }),
  y: fc.integer({ min: 0, max: 200 }),
  pressure: fc.double({ min: 0, max: 1, noNaN: true }),
});

function distanceToSegment(p: StrokePoint, a: StrokePoint, b: StrokePoint): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const t = ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1);
  const along = Math.max(0, Math.min(1, t));
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

describe("a simplified stroke", () => {
  it("keeps its ends and passes near every point that was left out", () => {
    fc.assert(
      fc.property(
        fc.array(point, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 0, max: 30 }),
        (points, tolerance) => {
          const kept = simplifyStroke(points, tolerance, DIAMETER);
          expect([kept[0], kept.at(-1)]).toEqual([points[0], points.at(-1)]);
          for (const each of points) {
            const nearest = Math.min(
              ...kept.map((to, i) => distanceToSegment(each, kept[i - 1] ?? to, to)),
            );
            expect(nearest).toBeLessThanOrEqual(tolerance + 1e-9);
          }
        },
      ),
    );
  });

  it("is one segment where a fast hand goes straight, and keeps a change of pressure", () => {
    const straight = Array.from({ length: 9 }, (_, i) => ({ x: 10 * i, y: 5 * i }));
    expect(simplifyStroke(straight, 0.5, DIAMETER)).toHaveLength(2);
    const pressed = straight.map((at, i) => ({ ...at, pressure: i === 4 ? 0.2 : 1 }));
    expect(simplifyStroke(pressed, 0.5, DIAMETER)).toContainEqual({ x: 40, y: 20, pressure: 0.2 });
  });
});
