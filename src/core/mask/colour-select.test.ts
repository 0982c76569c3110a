import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster } from "../raster.js";
import { selectByColour } from "./colour-select.js";
import { maskAlphaIn } from "./mask.js";
import { unpackMask } from "./packed-mask.js";

const W = 9;
const H = 7;
const whole = { x: 0, y: 0, width: W, height: H };
const picture = fc
  .array(fc.constantFrom(0, 10, 20, 200), { minLength: W * H, maxLength: W * H })
  .map((values) => createRaster(W, H, 1, 8, Uint8Array.from(values)));
const seed = fc.record({
  x: fc.integer({ min: 0, max: W - 1 }),
  y: fc.integer({ min: 0, max: H - 1 }),
});
const tolerance = fc.constantFrom(0, 10, 30, 255);

describe("choosing by colour", () => {
  it("takes every like pixel of the picture", () => {
    fc.assert(
      fc.property(picture, seed, tolerance, (raster, at, slack) => {
        const choice = { ...at, tolerance: slack, contiguous: false };
        const alpha = maskAlphaIn(unpackMask(selectByColour(raster, choice)), whole);
        const wanted = raster.data[at.y * W + at.x]!;
        const expected = Array.from(raster.data, (value) =>
          Math.abs(value - wanted) <= slack ? 255 : 0,
        );
        expect([...alpha]).toEqual(expected);
      }),
    );
  });

  it("takes only what is connected, found step by step from the pixel", () => {
    fc.assert(
      fc.property(picture, seed, tolerance, (raster, at, slack) => {
        const choice = { ...at, tolerance: slack, contiguous: true };
        const alpha = maskAlphaIn(unpackMask(selectByColour(raster, choice)), whole);
        const wanted = raster.data[at.y * W + at.x]!;
        const reached = new Set([at.y * W + at.x]);
        for (let grown = true; grown;) {
          grown = false;
          for (const pixel of [...reached]) {
            const [x, y] = [pixel % W, Math.floor(pixel / W)];
            for (const [nx, ny] of [
              [x - 1, y],
              [x + 1, y],
              [x, y - 1],
              [x, y + 1],
            ] as const) {
              if (nx < 0 || ny < 0 || nx >= W || ny >= H) continue;
              const next = ny * W + nx;
              if (reached.has(next) || Math.abs(raster.data[next]! - wanted) > slack) continue;
              reached.add(next);
              grown = true;
            }
          }
        }
        expect([...alpha]).toEqual(
          Array.from({ length: W * H }, (_, pixel) => (reached.has(pixel) ? 255 : 0)),
        );
      }),
    );
  });

  it("means the same tolerance at 16 bits, and looks at every channel", () => {
    const deep = createRaster(3, 1, 3, 16, Uint16Array.of(0, 0, 0, 0, 2570, 0, 0, 2571, 0));
    const taken = (slack: number) =>
      selectByColour(deep, { x: 0, y: 0, tolerance: slack, contiguous: false }).rect.width;
    expect([taken(9), taken(10), taken(11)]).toEqual([1, 2, 3]);
  });

  it("takes invisible pixels as alike, whatever colour they hide", () => {
    const cutOut = createRaster(3, 1, 2, 8, Uint8Array.of(5, 0, 99, 0, 5, 255));
    const choice = { x: 0, y: 0, tolerance: 0, contiguous: true };
    expect(selectByColour(cutOut, choice).rect.width).toBe(2);
  });

  it("refuses a pixel that the picture does not have", () => {
    const raster = createRaster(2, 2, 1, 8, new Uint8Array(4));
    for (const x of [-1, 2, 0.5]) {
      const choice = { x, y: 0, tolerance: 0, contiguous: true };
      expect(() => selectByColour(raster, choice)).toThrow(/pixel of the 2 x 2 picture/);
    }
  });
});
