import fc from "fast-check";
import {
  createRaster,
  maxSampleOf,
  type BitDepth,
  type ChannelCount,
  type Raster,
} from "../raster.js";

/** Limits for {@link arbitraryRaster}. */
export interface RasterLimits {
  readonly maxWidth?: number;
  readonly maxHeight?: number;
  readonly width?: number;
  readonly height?: number;
}

/**
 * Small pictures of every depth and channel count; extremes (all black, all white) are frequent,
 * since that is where rounding and clipping go wrong.
 */
export function arbitraryRaster(limits: RasterLimits = {}): fc.Arbitrary<Raster> {
  const width = limits.width ?? { min: 1, max: limits.maxWidth ?? 9 };
  const height = limits.height ?? { min: 1, max: limits.maxHeight ?? 9 };
  return fc
    .record({
      width: typeof width === "number" ? fc.constant(width) : fc.integer(width),
      height: typeof height === "number" ? fc.constant(height) : fc.integer(height),
      channels: fc.constantFrom<ChannelCount>(1, 2, 3, 4),
      depth: fc.constantFrom<BitDepth>(8, 16),
    })
    .chain(({ width, height, channels, depth }) =>
      arbitrarySamples(width * height * channels, maxSampleOf(depth)).map((samples) =>
        createRaster(
          width,
          height,
          channels,
          depth,
          depth === 8 ? Uint8Array.from(samples) : Uint16Array.from(samples),
        ),
      ),
    );
}

/** `length` integers in 0..max, extremes included on purpose. */
export function arbitrarySamples(length: number, max: number): fc.Arbitrary<number[]> {
  const anything = fc.integer({ min: 0, max });
  const sample = fc.oneof({ weight: 3, arbitrary: anything }, fc.constantFrom(0, 1, max - 1, max));
  return fc.oneof(
    { weight: 6, arbitrary: fc.array(sample, { minLength: length, maxLength: length }) },
    fc.constantFrom(0, max).map((value) => new Array<number>(length).fill(value)),
    fc.constant(Array.from({ length }, (_, index) => (index % 2 === 0 ? 0 : max))),
  );
}
