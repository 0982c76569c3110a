import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  colourChannelsOf,
  createRaster,
  maxSampleOf,
  pasteRaster,
  rastersEqual,
} from "../raster.js";
import { arbitraryRaster } from "../testing/arbitraries.js";
import { findFrozenMismatch, findOutsideChange } from "../verify.js";
import { compositeEdit, type CompositeRequest } from "./composite.js";

const SIDE = 8;

const alphas = fc.oneof(
  fc.array(fc.constantFrom(0, 0, 1, 100, 254, 255), {
    minLength: SIDE * SIDE,
    maxLength: SIDE * SIDE,
  }),
  fc.constantFrom(0, 1, 255).map((value) => new Array<number>(SIDE * SIDE).fill(value)),
  fc
    .nat(SIDE * SIDE - 1)
    .map((only) => Array.from({ length: SIDE * SIDE }, (_, i) => +(i === only) * 255)),
  // Two parts that do not touch.
  fc.constant(
    Array.from({ length: SIDE * SIDE }, (_, i) => (i % SIDE < 2 || i % SIDE > 5 ? 255 : 0)),
  ),
);

const requests: fc.Arbitrary<CompositeRequest> = fc
  .record({
    original: arbitraryRaster({ maxWidth: 12, maxHeight: 12 }),
    alpha: alphas.map((values) => Uint8Array.from(values)),
    blockSide: fc.constantFrom(null, 1, 2, 4, 8),
    dx: fc.double({ min: 0, max: 1, noNaN: true }),
    dy: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .chain(({ original, alpha, blockSide, dx, dy }) => {
    const max = maxSampleOf(original.depth);
    const length = SIDE * SIDE * colourChannelsOf(original.channels);
    const generated = fc.oneof(
      fc.array(fc.double({ min: -max, max: 2 * max, noNaN: true }), {
        minLength: length,
        maxLength: length,
      }),
      fc.constantFrom(0, max, -1e6, 1e6).map((value) => new Array<number>(length).fill(value)),
    );
    // From hanging over the top left corner by all but a pixel to the same at the bottom right.
    const x = Math.round(dx * (original.width + SIDE - 2)) - SIDE + 1;
    const y = Math.round(dy * (original.height + SIDE - 2)) - SIDE + 1;
    return generated.map((values) => ({
      original,
      region: { x, y, width: SIDE, height: SIDE },
      generated: Float32Array.from(values),
      alpha,
      blockSide,
    }));
  });

function apply(request: CompositeRequest) {
  const result = compositeEdit(request);
  const edited = pasteRaster(request.original, result.patch, result.rect.x, result.rect.y);
  return { result, edited };
}

describe("compositing an edit", () => {
  it("leaves every pixel outside the mask bit-identical, and alpha everywhere", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { original, region, alpha } = request;
        const before = original.data.slice();
        const { edited } = apply(request);
        expect(findOutsideChange(edited, original, { rect: region, alpha })).toBeNull();
        expect(original.data).toEqual(before);
        const { channels } = original;
        const isAlpha = (at: number) => channels % 2 === 0 && at % channels === channels - 1;
        const kept = before.every((sample, at) => !isAlpha(at) || edited.data[at] === sample);
        expect(kept).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps the sum of every frozen block and channel exactly", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { original, region, blockSide } = request;
        fc.pre(blockSide !== null);
        expect(findFrozenMismatch(apply(request).edited, original, region, blockSide)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it("counts the pixels that changed", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { original } = request;
        const { result, edited } = apply(request);
        let changed = 0;
        for (let pixel = 0; pixel < original.width * original.height; pixel++) {
          const from = pixel * original.channels;
          const own = original.data.subarray(from, from + original.channels);
          changed += +own.some((sample, channel) => sample !== edited.data[from + channel]);
        }
        expect(result.changedPixels).toBe(changed);
      }),
    );
  });

  it("changes nothing when everything is frozen, or when the original was generated", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const all = apply({ ...request, blockSide: 1 });
        expect(all.result.changedPixels).toBe(0);
        expect(rastersEqual(all.edited, request.original)).toBe(true);
      }),
    );
    const original = createRaster(
      8,
      8,
      1,
      8,
      Uint8Array.from({ length: 64 }, (_, i) => i * 4),
    );
    const generated = Float32Array.from(original.data);
    const region = { x: 0, y: 0, width: 8, height: 8 };
    const alpha = new Uint8Array(64).fill(200);
    expect(compositeEdit({ original, region, generated, alpha, blockSide: 4 }).changedPixels).toBe(
      0,
    );
  });

  it("takes the generated pixels as they are where nothing is frozen and the mask is full", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { patch, rect } = compositeEdit({
          ...request,
          alpha: request.alpha.map(() => 255),
          blockSide: null,
        });
        const { region, generated } = request;
        const colours = colourChannelsOf(patch.channels);
        const max = maxSampleOf(patch.depth);
        for (let pixel = 0; pixel < rect.width * rect.height; pixel++) {
          const x = (pixel % rect.width) + rect.x - region.x;
          const y = Math.floor(pixel / rect.width) + rect.y - region.y;
          const wanted = generated[(y * SIDE + x) * colours]!;
          const got = patch.data[pixel * patch.channels]!;
          expect(Math.abs(got - Math.max(0, Math.min(max, wanted)))).toBeLessThanOrEqual(0.501);
        }
      }),
    );
  });

  it("moves faintly masked pixels less than fully masked ones when a block is corrected", () => {
    const original = createRaster(2, 2, 1, 8, Uint8Array.of(100, 100, 100, 100));
    const { patch } = compositeEdit({
      original,
      region: { x: 0, y: 0, width: 2, height: 2 },
      generated: Float32Array.of(160, 100, 120, 200),
      alpha: Uint8Array.of(255, 255, 10, 0),
      blockSide: 2,
    });
    expect(patch.data[3]).toBe(100);
    expect(Math.abs(patch.data[2]! - 100)).toBeLessThanOrEqual(1);
    expect(patch.data[0]! - patch.data[1]!).toBeGreaterThanOrEqual(59);
  });

  it("lets two masked pixels of a frozen block trade", () => {
    const { patch } = compositeEdit({
      original: createRaster(2, 2, 1, 8, Uint8Array.of(100, 100, 100, 100)),
      region: { x: 0, y: 0, width: 2, height: 2 },
      generated: Float32Array.of(130, 0, 0, 70),
      alpha: Uint8Array.of(255, 0, 0, 255),
      blockSide: 2,
    });
    expect([...patch.data]).toEqual([130, 100, 100, 70]);
  });

  it("keeps a lone masked pixel of a frozen block as it was", () => {
    const original = createRaster(4, 4, 3, 16);
    const alpha = new Uint8Array(16);
    alpha[5] = 255;
    const generated = new Float32Array(48).fill(30000);
    const region = { x: 0, y: 0, width: 4, height: 4 };
    expect(compositeEdit({ original, region, generated, alpha, blockSide: 4 }).changedPixels).toBe(
      0,
    );
    expect(
      compositeEdit({ original, region, generated, alpha, blockSide: null }).changedPixels,
    ).toBe(1);
  });

  it("refuses what does not fit together", () => {
    const original = createRaster(8, 8, 3, 8);
    const request = {
      original,
      region: { x: 0, y: 0, width: 8, height: 8 },
      generated: new Float32Array(192),
      alpha: new Uint8Array(64).fill(255),
      blockSide: 4,
    };
    expect(() => compositeEdit({ ...request, alpha: new Uint8Array(63) })).toThrow(
      /64 mask values but got 63/,
    );
    expect(() => compositeEdit({ ...request, generated: new Float32Array(64) })).toThrow(
      /192 generated/,
    );
    expect(() => compositeEdit({ ...request, blockSide: 3 })).toThrow(/divides.*got 3/);
    const far = { x: 90, y: 0, width: 8, height: 8 };
    expect(() => compositeEdit({ ...request, region: far })).toThrow(/meets the 8 x 8/);
    const broken = new Float32Array(192).fill(Number.NaN);
    expect(() => compositeEdit({ ...request, generated: broken })).toThrow(/wrong result/);
    expect(() => compositeEdit({ ...request, generated: broken, blockSide: null })).toThrow(
      /finite/,
    );
  });
});
