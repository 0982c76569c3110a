import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { preview } from "../../../test/fixtures/screen-data.js";
import { rectContains, rectOfSize } from "../../core/rect.js";
import { frameCrop } from "./frame-crop.js";

const region = { ...preview(0), rect: { x: 100, y: 50, width: 64, height: 64 } };

describe("crop of a film frame", () => {
  it("is a square around the mask, in the preview's pixels", () => {
    // The preview has 16 pixels for 64 of the picture.
    expect(frameCrop(region, { x: 116, y: 66, width: 20, height: 8 })).toEqual({
      x: 3,
      y: 2,
      width: 7,
      height: 7,
    });
  });

  it("always lies within the preview and holds a pixel", () => {
    const side = fc.integer({ min: 1, max: 300 });
    const start = fc.integer({ min: -200, max: 400 });
    const mask = fc.record({ x: start, y: start, width: side, height: side });
    fc.assert(
      fc.property(mask, (rect) => {
        const crop = frameCrop(region, rect);
        expect(crop.width).toBeGreaterThan(0);
        expect(crop.width).toBe(crop.height);
        expect(rectContains(rectOfSize(16, 16), crop)).toBe(true);
      }),
    );
  });

  it("shows everything where there is no mask", () => {
    expect(frameCrop(region, null)).toEqual(rectOfSize(16, 16));
  });
});
