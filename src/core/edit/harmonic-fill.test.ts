import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillHarmonically } from "./harmonic-fill.js";

const SIDE = 24;
const AREA = SIDE * SIDE;

function ramp() {
  const data = Float32Array.from({ length: 3 * AREA }, (_, at) => {
    const pixel = at % AREA;
    return ((pixel % SIDE) + 2 * Math.floor(pixel / SIDE)) / 100 - Math.floor(at / AREA) / 10;
  });
  return { side: SIDE, data };
}

const holes = fc.uint8Array({ minLength: AREA, maxLength: AREA, max: 1 });

describe("the fill from the surroundings", () => {
  it("leaves known pixels bit for bit and stays within their values", () => {
    fc.assert(
      fc.property(holes, (unknown) => {
        fc.pre(unknown.includes(0));
        const image = ramp();
        const { data } = fillHarmonically(image, unknown);
        for (let plane = 0; plane < 3; plane++) {
          const known = [];
          for (let pixel = 0; pixel < AREA; pixel++) {
            if (unknown[pixel] === 0) known.push(image.data[plane * AREA + pixel] ?? 0);
          }
          const [low, high] = [Math.min(...known), Math.max(...known)];
          for (let pixel = 0; pixel < AREA; pixel++) {
            const at = plane * AREA + pixel;
            if (unknown[pixel] === 0) expect(data[at]).toBe(image.data[at]);
            expect(data[at]).toBeGreaterThanOrEqual(low - 1e-6);
            expect(data[at]).toBeLessThanOrEqual(high + 1e-6);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it("continues a ramp through a hole", () => {
    const image = ramp();
    const unknown = Uint8Array.from({ length: AREA }, (_, pixel) => {
      const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
      return x >= 6 && x < 16 && y >= 5 && y < 17 ? 1 : 0;
    });
    const spoiled = { side: SIDE, data: image.data.map((v, at) => (unknown[at % AREA] ? 9 : v)) };
    const { data } = fillHarmonically(spoiled, unknown);
    data.forEach((value, at) => expect(Math.abs(value - (image.data[at] ?? 0))).toBeLessThan(0.02));
  });

  it("takes the mean colour where nothing is known", () => {
    const { data } = fillHarmonically(ramp(), new Uint8Array(AREA).fill(1));
    expect(new Set(data.subarray(0, AREA)).size).toBe(1);
  });
});
