import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distanceToZero, windowMaximum } from "./distance.js";
import { featherMask, suggestedFeather } from "./feather.js";
import { maskAlphaIn, type Mask } from "./mask.js";

const SIDE = 14;
const planes = fc
  .array(fc.constantFrom(0, 255, 255, 255, 90), { minLength: SIDE * SIDE, maxLength: SIDE * SIDE })
  .map((values) => Uint8Array.from(values));
const feathers = fc.double({ min: 0, max: 20, noNaN: true });

const asMask = (alpha: Uint8Array): Mask => ({
  rect: { x: 3, y: -2, width: SIDE, height: SIDE },
  alpha,
});

function filled(width: number, height: number): Mask {
  return { rect: { x: 0, y: 0, width, height }, alpha: new Uint8Array(width * height).fill(255) };
}

describe("the suggested feather", () => {
  it("grows with what is masked, within limits, and goes by the smaller side", () => {
    expect(suggestedFeather({ width: 400, height: 900 })).toBe(25);
    expect(suggestedFeather({ width: 400, height: 3 })).toBe(2);
    expect(suggestedFeather({ width: 9_000, height: 9_000 })).toBe(64);
  });
});

describe("distances", () => {
  it("are the Euclidean ones to the nearest zero", () => {
    fc.assert(
      fc.property(planes, (plane) => {
        const distances = distanceToZero(plane, SIDE, SIDE);
        const zeros = [...plane.keys()].filter((i) => plane[i] === 0);
        const wrong = distances.findIndex((distance, i) => {
          const nearest = zeros.reduce((least, zero) => {
            const dx = (zero % SIDE) - (i % SIDE);
            const dy = Math.floor(zero / SIDE) - Math.floor(i / SIDE);
            return Math.min(least, Math.hypot(dx, dy));
          }, Infinity);
          return nearest === Infinity ? distance !== Infinity : Math.abs(distance - nearest) > 1e-9;
        });
        expect(wrong).toBe(-1);
      }),
      { numRuns: 60 },
    );
  });

  it("are infinite where nothing is zero", () => {
    expect([...distanceToZero(new Uint8Array(6).fill(1), 3, 2)]).toEqual(
      new Array(6).fill(Infinity),
    );
  });

  it("have the window's maximum taken over the whole square", () => {
    fc.assert(
      fc.property(planes, fc.integer({ min: 0, max: 16 }), (plane, radius) => {
        const maxima = windowMaximum(Float64Array.from(plane), SIDE, SIDE, radius);
        const wrong = maxima.findIndex((maximum, i) => {
          let most = 0;
          for (let y = 0; y < SIDE; y++) {
            for (let x = 0; x < SIDE; x++) {
              if (Math.abs(x - (i % SIDE)) > radius) continue;
              if (Math.abs(y - Math.floor(i / SIDE)) > radius) continue;
              most = Math.max(most, plane[y * SIDE + x]!);
            }
          }
          return maximum !== most;
        });
        expect(wrong).toBe(-1);
      }),
      { numRuns: 60 },
    );
  });
});

describe("feathering", () => {
  it("never raises a value and never frees or loses a pixel", () => {
    fc.assert(
      fc.property(planes, feathers, (plane, featherPx) => {
        const { alpha } = featherMask(asMask(plane), featherPx);
        expect(alpha.every((value, i) => value <= plane[i]! && value > 0 === plane[i]! > 0)).toBe(
          true,
        );
      }),
    );
  });

  it("keeps the deepest pixels at full strength, however wide the feather", () => {
    fc.assert(
      fc.property(planes, feathers, (plane, featherPx) => {
        const solid = plane.map((value) => (value > 0 ? 255 : 0));
        fc.pre(solid.some((value) => value > 0));
        expect(Math.max(...featherMask(asMask(solid), featherPx).alpha)).toBe(255);
      }),
    );
    const line = featherMask(filled(20, 1), 16);
    expect([...line.alpha.slice(1, -1)]).toEqual(new Array(18).fill(255));
  });

  it("rises steadily over its width and is full beyond", () => {
    const { alpha } = featherMask(filled(41, 41), 8);
    const middle = [...alpha.slice(20 * 41, 20 * 41 + 21)];
    expect(middle).toEqual([...middle].sort((a, b) => a - b));
    expect(middle[0]).toBeLessThan(10);
    expect(middle[3]).toBeGreaterThan(80);
    expect(middle[4]).toBeLessThan(175);
    expect(middle.slice(8)).toEqual(new Array(13).fill(255));
  });

  it("does not fade towards the picture's own border", () => {
    const mask = filled(10, 10);
    const picture = { x: 0, y: 0, width: 30, height: 10 };
    const { alpha } = featherMask(mask, 4, picture);
    expect([alpha[0], alpha[5 * 10], alpha[90]]).toEqual([255, 255, 255]);
    expect(alpha[59]).toBeLessThan(30);
    const whole = featherMask(mask, 4, mask.rect);
    expect(whole.alpha).toEqual(mask.alpha);
  });

  it("is the same however the mask is cut into squares", () => {
    const [width, height] = [700, 560];
    const isMasked = (x: number, y: number) =>
      (x - 300) ** 2 + (y - 250) ** 2 < 240 ** 2 && x !== 333;
    const place = (x: number, y: number): Mask => {
      const rect = { x: -x, y: -y, width: width + x, height: height + y };
      const alpha = new Uint8Array(rect.width * rect.height).map((_, i) =>
        isMasked((i % rect.width) - x, Math.floor(i / rect.width) - y) ? 200 : 0,
      );
      return { rect, alpha };
    };
    const whole = { x: 0, y: 0, width, height };
    for (const featherPx of [3.5, 40]) {
      const expected = featherMask(place(0, 0), featherPx).alpha;
      for (const [x, y] of [
        [211, 0],
        [400, 77],
      ] as const) {
        const other = maskAlphaIn(featherMask(place(x, y), featherPx), whole);
        expect(other.findIndex((value, i) => value !== expected[i])).toBe(-1);
      }
    }
  });

  it("is off at 0, and refuses what is not a width", () => {
    const mask = filled(3, 3);
    expect(featherMask(mask, 0)).toEqual(mask);
    expect(() => featherMask(mask, -1)).toThrow(/0 pixels or more but got -1/);
    expect(() => featherMask(mask, Number.NaN)).toThrow(/got NaN/);
  });
});
