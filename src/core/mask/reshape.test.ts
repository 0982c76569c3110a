import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { invertTiledMask } from "./combine.js";
import { MAX_RESHAPE_PX, RESHAPES, reshapeMask, type Reshape } from "./reshape.js";
import { fillEllipse, fillRectangle } from "./shapes.js";
import { readTiledMask } from "./tiled-mask-pixels.js";
import { TiledMask } from "./tiled-mask.js";

const WIDTH = 290;
const HEIGHT = 280;
/** A shape where tiles meet, so that neighbours have to know of each other. */
const ellipse = fc.record({
  x: fc.integer({ min: 215, max: 260 }),
  y: fc.integer({ min: 215, max: 260 }),
  width: fc.integer({ min: 1, max: 60 }),
  height: fc.integer({ min: 1, max: 60 }),
});
const amount = fc.integer({ min: 1, max: 12 });
const runs = { numRuns: 20 };

function reshaped(mask: TiledMask, kind: Reshape, amountPx: number): TiledMask {
  Array.from(reshapeMask(mask, kind, amountPx));
  mask.takeChange();
  return mask;
}
function ellipseMask(rect: { x: number; y: number; width: number; height: number }): TiledMask {
  const mask = new TiledMask(WIDTH, HEIGHT);
  fillEllipse(mask, rect);
  return mask;
}
const pixels = (mask: TiledMask) => readTiledMask(mask, mask.rect);

describe("reshaping a mask", () => {
  it("grows by every pixel that is near enough to a masked one, over the borders of tiles", () => {
    fc.assert(
      fc.property(ellipse, amount, (rect, amountPx) => {
        const before = pixels(ellipseMask(rect));
        const after = pixels(reshaped(ellipseMask(rect), "grow", amountPx));
        expect(after.every((value, i) => value >= before[i]!)).toBe(true);
        const solid = Array.from(before.keys()).filter((i) => before[i]! >= 128);
        const nearest = (x: number, y: number) =>
          Math.min(...solid.map((i) => Math.hypot((i % WIDTH) - x, Math.floor(i / WIDTH) - y)));
        for (let y = 244; y < 268; y += 3) {
          for (let x = 240; x < 275; x += 5) {
            const distance = nearest(x, y);
            if (distance <= amountPx) expect(after[y * WIDTH + x]).toBe(255);
            if (distance >= amountPx + 1) expect(after[y * WIDTH + x]).toBe(before[y * WIDTH + x]);
          }
        }
      }),
      runs,
    );
  });

  it("shrinks as the free part grows", () => {
    fc.assert(
      fc.property(ellipse, amount, (rect, amountPx) => {
        const shrunk = pixels(reshaped(ellipseMask(rect), "shrink", amountPx));
        const free = ellipseMask(rect);
        invertTiledMask(free);
        const inverse = reshaped(free, "grow", amountPx);
        invertTiledMask(inverse);
        const rest = pixels(inverse);
        expect(shrunk.every((value, i) => value === rest[i])).toBe(true);
      }),
      runs,
    );
  });

  it("does not let the picture's own border eat into the mask", () => {
    const mask = new TiledMask(WIDTH, HEIGHT);
    fillRectangle(mask, { x: 0, y: 0, width: 100, height: HEIGHT });
    reshaped(mask, "shrink", 10);
    expect([mask.valueAt(0, 0), mask.valueAt(89, 140), mask.valueAt(95, 140)]).toEqual([
      255, 255, 0,
    ]);
    reshaped(mask, "feather", 20);
    expect(mask.valueAt(0, 0)).toBe(255);
  });

  it("feathers to both sides, keeps the middle of the edge and what is far from it", () => {
    const mask = new TiledMask(WIDTH, HEIGHT);
    fillRectangle(mask, { x: 0, y: 0, width: 256, height: HEIGHT });
    reshaped(mask, "feather", 8);
    const row = [...readTiledMask(mask, { x: 230, y: 100, width: 52, height: 1 })];
    expect(row).toEqual([...row].sort((a, b) => b - a));
    expect(row[0]).toBe(255);
    expect(row.at(-1)).toBe(0);
    expect((row[25]! + row[26]!) / 2).toBeCloseTo(127.5, 0);
    expect(row[30]).toBeGreaterThan(0);
  });

  it("changes nothing by 0 pixels, and nothing where there is no outline", () => {
    const mask = ellipseMask({ x: 220, y: 220, width: 50, height: 40 });
    const before = pixels(mask);
    mask.takeChange();
    for (const kind of RESHAPES) {
      expect(Array.from(reshapeMask(mask, kind, 0))).toEqual([]);
      const full = new TiledMask(WIDTH, HEIGHT);
      fillRectangle(full, full.rect);
      expect(Array.from(reshapeMask(full, kind, 20))).toEqual([]);
    }
    expect(pixels(mask)).toEqual(before);
  });

  it("refuses amounts that are too large or none", () => {
    const mask = new TiledMask(5, 5);
    for (const amountPx of [-1, MAX_RESHAPE_PX + 1, Number.NaN]) {
      expect(() => Array.from(reshapeMask(mask, "grow", amountPx))).toThrow(/pixels but got/);
    }
  });
});
