import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rectContains, type Rect } from "../rect.js";
import { maskedCells } from "./cells.js";
import {
  invertMask,
  maskAlphaIn,
  maskBounds,
  subtractMasks,
  thresholdMask,
  trimMask,
  uniteMasks,
  validateMask,
  type Mask,
} from "./mask.js";

const masks: fc.Arbitrary<Mask> = fc
  .record({
    x: fc.integer({ min: -6, max: 6 }),
    y: fc.integer({ min: -6, max: 6 }),
    width: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 1, max: 9 }),
  })
  .chain((rect) =>
    fc
      .array(fc.constantFrom(0, 0, 0, 1, 128, 255), {
        minLength: rect.width * rect.height,
        maxLength: rect.width * rect.height,
      })
      .map((values) => ({ rect, alpha: Uint8Array.from(values) })),
  );

const AROUND: Rect = { x: -10, y: -10, width: 30, height: 30 };
const seen = (mask: Mask) => [...maskAlphaIn(mask, AROUND)];

describe("masks", () => {
  it("have bounds that hold every masked pixel and touch one on each side", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const bounds = maskBounds(mask);
        if (!bounds) {
          expect(mask.alpha.every((value) => value === 0)).toBe(true);
          return;
        }
        const { x, y, width, height } = bounds;
        expect(rectContains(mask.rect, bounds)).toBe(true);
        expect(seen({ rect: bounds, alpha: maskAlphaIn(mask, bounds) })).toEqual(seen(mask));
        for (const edge of [
          { x, y, width, height: 1 },
          { x, y: y + height - 1, width, height: 1 },
          { x, y, width: 1, height },
          { x: x + width - 1, y, width: 1, height },
        ]) {
          expect(maskAlphaIn(mask, edge).some((value) => value > 0)).toBe(true);
        }
      }),
    );
  });

  it("are trimmed without changing, unless they are empty", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        if (maskBounds(mask)) expect(seen(trimMask(mask))).toEqual(seen(mask));
        else expect(() => trimMask(mask)).toThrow(/at least one painted pixel/);
      }),
    );
  });

  it("unite to the larger value and subtract to nothing where the other is full", () => {
    fc.assert(
      fc.property(masks, masks, (a, b) => {
        const [inA, inB] = [seen(a), seen(b)];
        const larger = inA.map((value, i) => Math.max(value, inB[i]!));
        expect(seen(uniteMasks(a, b))).toEqual(larger);
        const wrong = seen(subtractMasks(a, b)).filter((left, i) => {
          if (inB[i] === 255) return left !== 0;
          return inB[i] === 0 ? left !== inA[i] : left > inA[i]!;
        });
        expect(wrong).toEqual([]);
      }),
    );
  });

  it("come back when they are inverted twice", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const whole = { x: 0, y: 0, width: 12, height: 7 };
        const twice = invertMask(invertMask(mask, 12, 7), 12, 7);
        expect(twice.rect).toEqual(whole);
        expect(twice.alpha).toEqual(maskAlphaIn(mask, whole));
      }),
    );
  });

  it("become two-valued at a threshold", () => {
    const mask = { rect: { x: 0, y: 0, width: 3, height: 1 }, alpha: Uint8Array.of(127, 128, 255) };
    expect([...thresholdMask(mask, 128).alpha]).toEqual([0, 255, 255]);
  });

  it("are refused when the values do not fill the rectangle", () => {
    const rect = { x: 0, y: 0, width: 2, height: 2 };
    expect(() => validateMask({ rect, alpha: new Uint8Array(3) })).toThrow(/4 mask values.*got 3/);
    const odd = { ...rect, x: 0.5 };
    expect(() => validateMask({ rect: odd, alpha: new Uint8Array(4) })).toThrow(/whole pixels/);
  });
});

describe("masked cells", () => {
  it("are exactly those that hold a masked pixel of the region", () => {
    const region = { x: -4, y: -2, width: 12, height: 12 };
    fc.assert(
      fc.property(masks, (mask) => {
        const cells = maskedCells(mask, region, 3);
        cells.forEach((cell, i) => {
          const rect = { x: -4 + (i % 3) * 4, y: -2 + Math.floor(i / 3) * 4, width: 4, height: 4 };
          expect(cell).toBe(+maskAlphaIn(mask, rect).some((value) => value > 0));
        });
      }),
    );
  });

  it("need a square region that the grid divides", () => {
    const mask = { rect: { x: 0, y: 0, width: 1, height: 1 }, alpha: Uint8Array.of(255) };
    expect(() => maskedCells(mask, { x: 0, y: 0, width: 10, height: 10 }, 3)).toThrow(/grid 3/);
  });
});
