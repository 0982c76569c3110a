import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster, type Raster } from "../../../src/core/raster.js";
import { arbitraryRaster } from "../../../src/core/testing/arbitraries.js";
import { bicubic, lanczos3, resample } from "./resample.js";

const kernels = { bicubic, lanczos3 };
const factors = fc.constantFrom(2, 3, 4, 8);

/** Left becomes right, and with `down` also top becomes bottom. */
function mirror<Data extends ArrayLike<number>>(
  { width, height, channels, data }: Omit<Raster, "data" | "depth"> & { readonly data: Data },
  down: boolean,
): number[] {
  return Array.from(data, (_, at) => {
    const channel = at % channels;
    const x = Math.floor(at / channels) % width;
    const y = Math.floor(at / channels / width);
    const row = down ? height - 1 - y : y;
    return data[(row * width + width - 1 - x) * channels + channel]!;
  });
}

describe.each(Object.entries(kernels))("%s", (_, kernel) => {
  it("by 1 is the picture itself", () => {
    fc.assert(
      fc.property(arbitraryRaster(), (raster) => {
        const same = resample(raster, 1, kernel);
        same.forEach((value, i) => expect(value).toBeCloseTo(raster.data[i]!, 2));
        expect(same.length).toBe(raster.data.length);
      }),
      { numRuns: 50 },
    );
  });

  it("keeps one colour, up to the edges", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.nat(9), fc.nat(9), factors, (...drawn) => {
        const [level, width, height, factor] = drawn;
        const samples = new Uint8Array((width + 1) * (height + 1)).fill(level);
        const flat = createRaster(width + 1, height + 1, 1, 8, samples);
        for (const value of resample(flat, factor, kernel)) expect(value).toBeCloseTo(level, 3);
      }),
    );
  });

  it("gives the mirrored result of a mirrored picture: it is not shifted", () => {
    fc.assert(
      fc.property(
        arbitraryRaster({ maxWidth: 9, maxHeight: 9 }),
        factors,
        fc.boolean(),
        (...drawn) => {
          const [raster, factor, down] = drawn;
          const { width, height, channels, depth } = raster;
          const mirrored = createRaster(
            width,
            height,
            channels,
            depth,
            depth === 8
              ? Uint8Array.from(mirror(raster, down))
              : Uint16Array.from(mirror(raster, down)),
          );
          const size = { width: width * factor, height: height * factor, channels };
          const expected = mirror({ ...size, data: resample(raster, factor, kernel) }, down);
          const tolerance = depth === 8 ? 1e-3 : 0.5;
          resample(mirrored, factor, kernel).forEach((value, i) => {
            expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance);
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it("keeps where a step is: its middle lies between the same pixels", () => {
    const step = createRaster(
      16,
      1,
      1,
      8,
      Uint8Array.from({ length: 16 }, (__, x) => (x < 8 ? 0 : 200)),
    );
    const row = resample(step, 4, kernel).subarray(0, 64);
    const below = row.findIndex((value) => value >= 100);
    expect(below).toBe(32);
    expect(row[31]! + row[32]!).toBeCloseTo(200, 3);
  });
});

it("bicubic continues a straight ramp exactly, away from the edges", () => {
  const ramp = createRaster(
    12,
    1,
    1,
    8,
    Uint8Array.from({ length: 12 }, (_, x) => 20 * x),
  );
  const row = resample(ramp, 2, bicubic);
  for (let i = 4; i < 20; i++) expect(row[i]!).toBeCloseTo(20 * ((i + 0.5) / 2 - 0.5), 3);
});
