import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rectContains } from "../rect.js";
import { planExtension } from "./extend.js";

const layout = { imageSize: 32, grid: 4, levels: 3 };
const margin = fc.integer({ min: 0, max: 90 });
const queries = fc
  .record({
    width: fc.integer({ min: 1, max: 200 }),
    height: fc.integer({ min: 1, max: 200 }),
    margins: fc.record({ left: margin, top: margin, right: margin, bottom: margin }),
  })
  .filter(({ margins }) => Math.max(...Object.values(margins)) > 0);

describe("the plan of an extension", () => {
  it("covers every new pixel by few regions, each of which goes on from something known", () => {
    fc.assert(
      fc.property(queries, ({ width, height, margins }) => {
        const { canvas, picture, regions } = planExtension(width, height, margins, layout);
        expect(regions.length).toBeGreaterThan(0);
        expect(regions.length).toBeLessThanOrEqual(24);
        const known = new Uint8Array(canvas.width * canvas.height);
        const fill = (x: number, y: number, w: number, h: number) => {
          let fresh = 0;
          for (let row = y; row < y + h; row++) {
            for (let column = x; column < x + w; column++) {
              if (known[row * canvas.width + column] === 0) fresh++;
              known[row * canvas.width + column] = 1;
            }
          }
          return { fresh, all: w * h };
        };
        fill(picture.x, picture.y, width, height);
        for (const { inside, rect, factor } of regions) {
          expect(rect.width).toBe(32 * factor);
          expect(rectContains(rect, inside)).toBe(true);
          const { fresh, all } = fill(inside.x, inside.y, inside.width, inside.height);
          expect(fresh).toBeGreaterThan(0);
          expect(fresh).toBeLessThan(all);
        }
        expect(known.includes(0)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("refuses to add nothing", () => {
    const none = { left: 0, top: 0, right: 0, bottom: 0 };
    expect(() => planExtension(10, 10, none, layout)).toThrow(/margin/);
  });
});
