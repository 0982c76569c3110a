import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster, maxSampleOf, type Raster } from "../../core/raster.js";
import { bottomOf, rightOf, type Rect } from "../../core/rect.js";
import { flatPixels, type ChannelRange } from "./flat-pixels.js";

/** The rule as a sentence: like all neighbours that there are, or all samples at the same kind of bound. */
function isFlat(raster: Raster, x: number, y: number, { first, count }: ChannelRange): boolean {
  const colour = (column: number, row: number) => {
    const at = (row * raster.width + column) * raster.channels + first;
    return [...raster.data.subarray(at, at + count)];
  };
  const own = colour(x, y);
  const max = maxSampleOf(raster.depth);
  if (own.every((sample) => sample === 0 || sample === max)) return true;
  const around = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [x + dx, y + dy] as const));
  return around
    .filter(
      ([column, row]) => column >= 0 && row >= 0 && column < raster.width && row < raster.height,
    )
    .every(([column, row]) => colour(column, row).join() === own.join());
}

/** Few levels, so that neighbours are often alike, in patches. */
const pictures = fc
  .record({
    width: fc.integer({ min: 1, max: 7 }),
    height: fc.integer({ min: 1, max: 7 }),
    channels: fc.constantFrom<(1 | 2 | 3 | 4)[]>(1, 2, 3, 4),
    depth: fc.constantFrom<(8 | 16)[]>(8, 16),
  })
  .chain(({ width, height, channels, depth }) =>
    fc
      .array(fc.tuple(fc.nat(width), fc.nat(height), fc.nat(3)), { maxLength: 3 })
      .map((patches) => {
        const raster = createRaster(width, height, channels, depth);
        const levels = [0, 7, maxSampleOf(depth), 9];
        raster.data.forEach((_, i) => {
          const pixel = Math.floor(i / channels);
          const [x, y] = [pixel % width, Math.floor(pixel / width)];
          const over = patches.filter(([left, top]) => x >= left && y >= top).length;
          raster.data[i] = levels[patches[over - 1]?.[2] ?? 1]!;
        });
        return raster;
      }),
  );

describe("pixels that need no network", () => {
  it("are those like all their neighbours and those without a choice, in any part of a picture", () => {
    fc.assert(
      fc.property(pictures, fc.nat(), fc.nat(), (raster, left, top) => {
        const rect: Rect = {
          x: left % raster.width,
          y: top % raster.height,
          width: raster.width - (left % raster.width),
          height: raster.height - (top % raster.height),
        };
        const ranges = [
          { first: 0, count: raster.channels > 2 ? 3 : 1 },
          { first: raster.channels - 1, count: 1 },
        ];
        for (const channels of ranges) {
          const expected: number[] = [];
          for (let y = rect.y; y < bottomOf(rect); y++) {
            for (let x = rect.x; x < rightOf(rect); x++) {
              expected.push(isFlat(raster, x, y, channels) ? 1 : 0);
            }
          }
          expect([...flatPixels(raster, rect, channels)]).toEqual(expected);
        }
      }),
      { numRuns: 500 },
    );
  });
});
