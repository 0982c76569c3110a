import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_SIDE_PX } from "../../shared/limits.js";
import {
  ASPECTS,
  EDGES,
  extendedRect,
  extendedSize,
  hasMargins,
  isAllowedSize,
  marginsForAspect,
  NO_MARGINS,
  withMargin,
} from "./extend.js";

const side = fc.integer({ min: 1, max: 4_000 });
const size = fc.record({ width: side, height: side });

describe("extending a picture", () => {
  it("reaches each format to a pixel, takes nothing away and grows one way only", () => {
    fc.assert(
      fc.property(size, fc.constantFrom(...ASPECTS), (picture, aspect) => {
        const margins = marginsForAspect(picture, aspect);
        const { width, height } = extendedSize(picture, margins);
        const [across = 1, down = 1] = aspect.split(":").map(Number);
        expect(Math.min(width - picture.width, height - picture.height)).toBe(0);
        // Half a pixel of the side that was computed from the other one.
        const slack = Math.max(across, down) / 2;
        expect(Math.abs(width * down - height * across)).toBeLessThanOrEqual(slack);
        for (const edge of EDGES) expect(margins[edge]).toBeGreaterThanOrEqual(0);
        expect(Math.abs(margins.left - margins.right)).toBeLessThanOrEqual(1);
        expect(Math.abs(margins.top - margins.bottom)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("takes any number for a margin and keeps it whole and within a document", () => {
    fc.assert(
      fc.property(size, fc.constantFrom(...EDGES), fc.double(), (picture, edge, value) => {
        const margins = withMargin(NO_MARGINS, edge, value, picture);
        expect(Number.isInteger(margins[edge])).toBe(true);
        expect(margins[edge]).toBeGreaterThanOrEqual(0);
        const { width, height } = extendedSize(picture, margins);
        expect(Math.max(width, height)).toBeLessThanOrEqual(MAX_SIDE_PX);
      }),
    );
  });

  it("lies around the picture", () => {
    const margins = { left: 3, top: 4, right: 5, bottom: 6 };
    expect(extendedRect({ width: 10, height: 20 }, margins)).toEqual({
      x: -3,
      y: -4,
      width: 18,
      height: 30,
    });
    expect([hasMargins(margins), hasMargins(NO_MARGINS)]).toEqual([true, false]);
  });

  it("knows the largest document", () => {
    expect(isAllowedSize({ width: 20_000, height: 15_000 })).toBe(true);
    expect(isAllowedSize({ width: 20_000, height: 15_001 })).toBe(false);
    expect(isAllowedSize({ width: MAX_SIDE_PX + 1, height: 1 })).toBe(false);
  });
});
