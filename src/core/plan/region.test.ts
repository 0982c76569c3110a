import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bottomOf, rectContains, rectOfSize, rightOf, type Rect } from "../rect.js";
import { planEditRegion } from "./region.js";

const queries = fc
  .record({
    imageWidth: fc.integer({ min: 1, max: 3000 }),
    imageHeight: fc.integer({ min: 1, max: 3000 }),
    layout: fc.constantFrom(
      { imageSize: 128, grid: 8, levels: 4 },
      { imageSize: 256, grid: 16, levels: 3 },
      { imageSize: 512, grid: 16, levels: 5 },
      { imageSize: 48, grid: 3, levels: 2 },
    ),
    contextFraction: fc.constantFrom(0, 0.25, 0.5, 2),
    corners: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ corners, ...query }) => {
    const [a, b, c, d] = corners as [number, number, number, number];
    const span = (p: number, q: number, length: number) => {
      const from = Math.floor(Math.min(p, q) * (length - 1));
      return [from, Math.floor(Math.max(p, q) * (length - 1)) - from + 1] as const;
    };
    const [x, width] = span(a, b, query.imageWidth);
    const [y, height] = span(c, d, query.imageHeight);
    return { ...query, maskBounds: { x, y, width, height } satisfies Rect };
  });

describe("the edit region", () => {
  it("is a square of the model's size times a power of two that contains the mask and starts on the grid of blocks", () => {
    fc.assert(
      fc.property(queries, (query) => {
        const { rect, factor, imageSize } = planEditRegion(query);
        const step = 2 ** query.layout.levels * factor;
        expect(Number.isInteger(Math.log2(factor))).toBe(true);
        expect(imageSize).toBe(query.layout.imageSize);
        expect([rect.width, rect.height]).toEqual([imageSize * factor, imageSize * factor]);
        expect(rectContains(rect, query.maskBounds)).toBe(true);
        expect([rect.x % step, rect.y % step]).toEqual([0, 0]);
      }),
      { numRuns: 1000 },
    );
  });

  it("tells padding and the part that exists", () => {
    fc.assert(
      fc.property(queries, (query) => {
        const { rect, padding, inside } = planEditRegion(query);
        expect(rectContains(rectOfSize(query.imageWidth, query.imageHeight), inside)).toBe(true);
        expect(inside.width + padding.left + padding.right).toBe(rect.width);
        expect(inside.height + padding.top + padding.bottom).toBe(rect.height);
        expect(padding.left + padding.top).toBe(0);
      }),
    );
  });

  it("hangs over a larger picture only for masked pixels beyond the last whole block, by less than a block", () => {
    fc.assert(
      fc.property(queries, (query) => {
        const { rect, factor, padding } = planEditRegion(query);
        const step = 2 ** query.layout.levels * factor;
        const { imageWidth, imageHeight, maskBounds } = query;
        if (padding.right > 0 && imageWidth >= rect.width) {
          expect(padding.right).toBeLessThan(step);
          expect(rightOf(maskBounds)).toBeGreaterThan(imageWidth - (imageWidth % step));
        }
        if (padding.bottom > 0 && imageHeight >= rect.height) {
          expect(padding.bottom).toBeLessThan(step);
          expect(bottomOf(maskBounds)).toBeGreaterThan(imageHeight - (imageHeight % step));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("stays at native resolution for a mask that leaves a sixteenth of itself free on each side", () => {
    const query = {
      imageWidth: 1000,
      imageHeight: 1000,
      layout: { imageSize: 128, grid: 8, levels: 4 },
    };
    const of = (width: number) =>
      planEditRegion({ ...query, maskBounds: { x: 327, y: 327, width, height: width } });
    expect(of(112).factor).toBe(1);
    expect(of(114).factor).toBe(2);
  });

  it("is no larger than twice what mask and context need", () => {
    fc.assert(
      fc.property(queries, (query) => {
        const { rect, factor } = planEditRegion(query);
        fc.pre(factor > 1);
        const longer = Math.max(query.maskBounds.width, query.maskBounds.height);
        const wanted = longer + 2 * Math.ceil(longer * query.contextFraction);
        const alignment = (2 ** query.layout.levels * factor) / 2;
        expect(rect.width / 2).toBeLessThan(wanted + alignment);
      }),
    );
  });

  it("surrounds a mask in the middle on all sides", () => {
    const region = planEditRegion({
      imageWidth: 1000,
      imageHeight: 800,
      maskBounds: { x: 500, y: 400, width: 60, height: 40 },
      layout: { imageSize: 128, grid: 8, levels: 4 },
    });
    expect(region).toMatchObject({ factor: 1, rect: { x: 464, y: 352 } });
  });

  it("keeps whole-picture edits on the picture", () => {
    const region = planEditRegion({
      imageWidth: 128,
      imageHeight: 100,
      maskBounds: { x: 0, y: 0, width: 128, height: 100 },
      layout: { imageSize: 128, grid: 8, levels: 4 },
    });
    expect(region.rect).toEqual({ x: 0, y: 0, width: 128, height: 128 });
    expect(region.padding).toEqual({ left: 0, top: 0, right: 0, bottom: 28 });
  });

  it("refuses an empty mask and one outside the picture", () => {
    const query = {
      imageWidth: 100,
      imageHeight: 100,
      layout: { imageSize: 128, grid: 8, levels: 4 },
    };
    const empty = { x: 5, y: 5, width: 0, height: 3 };
    expect(() => planEditRegion({ ...query, maskBounds: empty })).toThrow(/painted pixel/);
    const outside = { x: 90, y: 5, width: 20, height: 3 };
    expect(() => planEditRegion({ ...query, maskBounds: outside })).toThrow(/inside the 100 x 100/);
  });
});
