import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster, createSamples, type Raster } from "../raster.js";
import { arbitraryRaster } from "../testing/arbitraries.js";
import { AreaReducer, coveredSpan, type ReducedAxis } from "./area-reducer.js";

/** The rows of a picture that is reduced to `width` x `height`, or of a part of the result. */
function reduce(
  raster: Raster,
  columns: Pick<ReducedAxis, "to"> & Partial<ReducedAxis>,
  rows: Pick<ReducedAxis, "to"> & Partial<ReducedAxis>,
): number[] {
  const { channels, depth, data, width, height } = raster;
  const across = { from: width, start: 0, end: columns.to, ...columns };
  const down = { from: height, start: 0, end: rows.to, ...rows };
  const reducer = new AreaReducer(across, down, channels, depth);
  const [x, y] = [coveredSpan(across), coveredSpan(down)];
  const result: number[] = [];
  for (let row = y.start; row < y.end; row++) {
    const line = data.subarray(
      (row * width + x.start) * channels,
      (row * width + x.end) * channels,
    );
    reducer.add(line, (finished) => result.push(...finished));
  }
  return result;
}

/** Repeats every pixel `to` times along each axis, so that output pixels cover whole ones. */
function slowly({ width, height, channels, data }: Raster, to: [number, number]): number[] {
  const result: number[] = [];
  for (let y = 0; y < to[1]; y++) {
    for (let x = 0; x < to[0]; x++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let v = y * height; v < (y + 1) * height; v++) {
          for (let u = x * width; u < (x + 1) * width; u++) {
            const pixel = Math.floor(v / to[1]) * width + Math.floor(u / to[0]);
            sum += data[pixel * channels + channel]!;
          }
        }
        result.push(Math.floor(sum / (width * height) + 0.5));
      }
    }
  }
  return result;
}

const reductions = arbitraryRaster({ maxWidth: 12, maxHeight: 12 }).chain((raster) =>
  fc.record({
    raster: fc.constant(raster),
    to: fc.tuple(
      fc.integer({ min: 1, max: raster.width }),
      fc.integer({ min: 1, max: raster.height }),
    ),
  }),
);

describe("an area reduction", () => {
  it("is the rounded mean over the exact area that each pixel covers", () => {
    fc.assert(
      fc.property(reductions, ({ raster, to }) => {
        expect(reduce(raster, { to: to[0] }, { to: to[1] })).toEqual(slowly(raster, to));
      }),
      { numRuns: 300 },
    );
  });

  it("gives the same for a part of the result from the part of the picture that it covers", () => {
    fc.assert(
      fc.property(reductions, fc.nat(), fc.nat(), ({ raster, to }, a, b) => {
        const [left, top] = [a % to[0], b % to[1]];
        const whole = reduce(raster, { to: to[0] }, { to: to[1] });
        const part = reduce(raster, { to: to[0], start: left }, { to: to[1], start: top });
        const expected = whole.filter((_, i) => {
          const pixel = Math.floor(i / raster.channels);
          return pixel % to[0] >= left && Math.floor(pixel / to[0]) >= top;
        });
        expect(part).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps one colour and a picture of the same size as they are", () => {
    const flat = createRaster(7, 5, 1, 16, createSamples(16, 35).fill(54_321));
    expect(new Set(reduce(flat, { to: 4 }, { to: 3 }))).toEqual(new Set([54_321]));
    fc.assert(
      fc.property(arbitraryRaster(), (raster) => {
        const same = reduce(raster, { to: raster.width }, { to: raster.height });
        expect(same).toEqual([...raster.data]);
      }),
    );
  });
});
