import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTokenLayout } from "../layout.js";
import type { ModelImage } from "../model-image.js";
import { blockMeans } from "../wavelet/blocks.js";
import { seamReach, softenSeams } from "./soften-seams.js";

const layout = createTokenLayout({ imageSize: 128, grid: 8, levels: 4 });
const { imageSize: side, cellSide, grid, tokensPerScale, tokenCount } = layout;

/** Tokens of the middle cells from a scale on. */
function middleFrom(scale: number): Uint8Array {
  return Uint8Array.from({ length: tokenCount }, (_, token) => {
    const cell = token % tokensPerScale;
    const [row, column] = [Math.floor(cell / grid), cell % grid];
    const isMiddle = row >= 2 && row < 6 && column >= 2 && column < 6;
    return isMiddle && token >= scale * tokensPerScale ? 1 : 0;
  });
}

function pictureOf(value: (x: number, y: number, plane: number) => number): ModelImage {
  const data = Float32Array.from({ length: 3 * side * side }, (_, index) => {
    const pixel = index % (side * side);
    return value(pixel % side, Math.floor(pixel / side), Math.floor(index / (side * side)));
  });
  return { side, data };
}

function isMiddle(x: number, y: number): boolean {
  return [x, y].every((at) => at >= 2 * cellSide && at < 6 * cellSide);
}

const noise = fc
  .infiniteStream(fc.float({ min: -1, max: 1, noNaN: true }))
  .map((stream) => pictureOf(() => Number(stream.next().value)));

describe("softening seams", () => {
  it("changes nothing where nothing is drawn", () => {
    fc.assert(
      fc.property(noise, fc.integer({ min: 0, max: 5 }), (image, scale) => {
        const { data } = softenSeams(image, layout, seamReach(layout, middleFrom(scale)));
        for (const [index, value] of data.entries()) {
          const pixel = index % (side * side);
          if (isMiddle(pixel % side, Math.floor(pixel / side))) continue;
          expect(value).toBe(image.data[index]);
        }
      }),
      { numRuns: 5 },
    );
  });

  it("keeps the means of the blocks that frozen scales give", () => {
    fc.assert(
      fc.property(noise, fc.integer({ min: 1, max: 4 }), (image, scale) => {
        const { data } = softenSeams(image, layout, seamReach(layout, middleFrom(scale)));
        const block = 2 ** (layout.levels - scale + 1);
        const before = blockMeans(image.data, side, 3 * side, block);
        const after = blockMeans(data, side, 3 * side, block);
        after.forEach((mean, at) => expect(mean).toBeCloseTo(before[at]!, 5));
      }),
      { numRuns: 5 },
    );
  });

  it("takes away a step at the border, and leaves slopes alone", () => {
    const reach = seamReach(layout, middleFrom(1));
    const slope = pictureOf((x, y, plane) => 0.004 * x - 0.003 * y + 0.1 * plane);
    const same = softenSeams(slope, layout, reach);
    same.data.forEach((value, at) => expect(value).toBeCloseTo(slope.data[at]!, 5));

    const stepped = pictureOf((x, y, plane) => {
      return (slope.data[plane * side * side + y * side + x] ?? 0) + (isMiddle(x, y) ? 0.3 : 0);
    });
    const { data } = softenSeams(stepped, layout, reach);
    const at = 64 * side + 2 * cellSide;
    expect(stepped.data[at]! - stepped.data[at - 1]!).toBeCloseTo(0.304, 5);
    expect(Math.abs(data[at]! - data[at - 1]!)).toBeLessThan(0.02);
  });

  it("reaches no further than a block whose mean is given, and not where only the finest is drawn", () => {
    const reaches = [0, 1, 2, 3, 4, 5].map((scale) =>
      Math.max(...seamReach(layout, middleFrom(scale))),
    );
    expect(reaches).toEqual([8, 8, 8, 4, 0, 0]);
  });
});
