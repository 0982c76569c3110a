import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelImage } from "../model-image.js";
import { blockMeans } from "../wavelet/blocks.js";
import { keepBlockMeans } from "./keep-block-means.js";

const SIDE = 32;
const BLOCK = 8;
const AREA = SIDE * SIDE;

const images = fc
  .infiniteStream(fc.float({ min: -1, max: 1, noNaN: true }))
  .map((stream): ModelImage => ({ side: SIDE, data: Float32Array.from(stream.take(3 * AREA)) }));
const discs = fc
  .record({
    x: fc.integer({ min: 0, max: SIDE }),
    y: fc.integer({ min: 0, max: SIDE }),
    radius: fc.integer({ min: 1, max: 20 }),
    fade: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ x, y, radius, fade }) => discOf(x, y, radius, fade));

/** 1 in the middle, falling to 0 at the radius. */
function discOf(x: number, y: number, radius: number, fade: number): Float32Array {
  return Float32Array.from({ length: AREA }, (_, pixel) => {
    const distance = Math.hypot((pixel % SIDE) + 0.5 - x, Math.floor(pixel / SIDE) + 0.5 - y);
    return Math.max(0, Math.min(1, (radius - distance) / fade));
  });
}

function flat(value: number): ModelImage {
  return { side: SIDE, data: new Float32Array(3 * AREA).fill(value) };
}

function blended({ data }: ModelImage, original: ModelImage, alpha: Float32Array): Float32Array {
  return data.map((value, at) => {
    const old = original.data[at]!;
    return old + alpha[at % AREA]! * (value - old);
  });
}

describe("keeping block means", () => {
  it("gives every block the original's mean, and touches nothing without alpha", () => {
    fc.assert(
      fc.property(images, images, discs, (drawn, original, alpha) => {
        const kept = keepBlockMeans(drawn, original, alpha, BLOCK);
        const means = blockMeans(blended(kept, original, alpha), SIDE, 3 * SIDE, BLOCK);
        const wanted = blockMeans(original.data, SIDE, 3 * SIDE, BLOCK);
        means.forEach((mean, at) => expect(mean).toBeCloseTo(wanted[at]!, 4));
        for (const [at, value] of kept.data.entries()) {
          if (alpha[at % AREA] === 0) expect(value).toBe(drawn.data[at]);
        }
      }),
      { numRuns: 15 },
    );
  });

  it("changes nothing that keeps the means already", () => {
    fc.assert(
      fc.property(images, discs, (original, alpha) => {
        const kept = keepBlockMeans(original, original, alpha, BLOCK);
        expect(kept.data.every((value, at) => value === original.data[at])).toBe(true);
      }),
      { numRuns: 5 },
    );
  });

  it("leaves no squares along the mask's edge", () => {
    // The left blocks of the disc take more light than the right ones: by blocks, that is steps of a whole level.
    const alpha = discOf(16, 16, 13, 3);
    const original = flat(0);
    const drawn = flat(0);
    for (let at = 0; at < 3 * AREA; at++) drawn.data[at] = ((at % SIDE) - 16) / 16;
    const kept = keepBlockMeans(drawn, original, alpha, BLOCK);
    const stepAt = (x: number) => {
      const [left, right] = [16 * SIDE + x - 1, 16 * SIDE + x];
      const moved = (at: number) => kept.data[at]! - drawn.data[at]!;
      return Math.abs(moved(right) - moved(left));
    };
    // Each block has to move by half a level against its neighbour; shared out equally that is one step.
    expect(Math.max(stepAt(8), stepAt(16), stepAt(24))).toBeLessThan(0.15);
  });
});
