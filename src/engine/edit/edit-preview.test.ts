import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limitMaskToCells } from "../../core/edit/limit-mask.js";
import { createTokenLayout } from "../../core/layout.js";
import { featherMask } from "../../core/mask/feather.js";
import { maskAlphaIn, type Mask } from "../../core/mask/mask.js";
import { planEditRegion } from "../../core/plan/region.js";
import { softPreviewShares } from "./edit-preview.js";

const layout = createTokenLayout({ imageSize: 32, grid: 4, levels: 3 });

function planned(mask: Mask, imageWidth: number, imageHeight: number) {
  return planEditRegion({ imageWidth, imageHeight, maskBounds: mask.rect, layout });
}

/** A rectangle with holes. */
function maskIn(x: number, y: number, width: number, height: number, every: number): Mask {
  const alpha = Uint8Array.from({ length: width * height }, (_, at) =>
    at % every === 1 ? 0 : 255,
  );
  return { rect: { x, y, width, height }, alpha };
}

describe("the shares of a preview", () => {
  it("are those of the finished edit where the region is not reduced", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1, max: 18 }),
        fc.integer({ min: 2, max: 200 }),
        fc.double({ min: 0, max: 9, noNaN: true }),
        fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 }),
        (x, y, side, every, feather, touchedCells) => {
          const mask = maskIn(x, y, side, side, every);
          const region = planned(mask, 33, 40);
          expect(region.factor).toBe(1);
          const shown = softPreviewShares({ mask, feather, touchedCells, layout }, region);
          const soft = featherMask(mask, feather);
          const limited = limitMaskToCells(soft, touchedCells, region.rect, layout.grid);
          expect(Array.from(shown, (share) => Math.round(255 * share))).toEqual([
            ...maskAlphaIn(limited, region.inside),
          ]);
        },
      ),
    );
  });

  it("fade over the same width where it is reduced", () => {
    const mask = maskIn(16, 16, 96, 96, 1e9);
    const region = planned(mask, 128, 128);
    const touchedCells = new Uint8Array(16).fill(1);
    const feather = 24;
    const shown = softPreviewShares({ mask, feather, touchedCells, layout }, region);
    const soft = maskAlphaIn(featherMask(mask, feather), region.inside);
    const { factor, inside } = region;
    expect(factor).toBeGreaterThan(1);
    const columns = inside.width / factor;
    shown.forEach((share, at) => {
      const middle = Math.floor(factor / 2);
      const x = (at % columns) * factor + middle;
      const y = Math.floor(at / columns) * factor + middle;
      expect(Math.abs(share - (soft[y * inside.width + x] ?? 0) / 255)).toBeLessThan(0.15);
    });
  });
});
