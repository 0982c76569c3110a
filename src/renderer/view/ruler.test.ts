import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rulerMarks } from "./ruler.js";

const place = fc.record({
  origin: fc.double({ min: -5000, max: 500, noNaN: true }),
  scale: fc.double({ min: 1 / 64, max: 64, noNaN: true }),
});

describe("a ruler", () => {
  it("has figures at round pixels, far enough apart to be read, and lines where those pixels lie", () => {
    fc.assert(
      fc.property(place, ({ origin, scale }) => {
        const marks = rulerMarks(origin, scale, 800);
        const labels = marks.filter(({ label }) => label !== null);
        for (const { at, label } of labels) {
          expect(at).toBeCloseTo(origin + Number(label) * scale, 6);
          expect(at).toBeGreaterThanOrEqual(-1e-6);
          expect(at).toBeLessThanOrEqual(800 + 1e-6);
        }
        for (const [index, mark] of labels.entries()) {
          const next = labels[index + 1];
          if (next) expect(next.at - mark.at).toBeGreaterThanOrEqual(63.9);
        }
        expect(marks.length).toBeLessThan(140);
      }),
    );
  });
});
