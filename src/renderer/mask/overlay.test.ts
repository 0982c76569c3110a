import { describe, expect, it } from "vitest";
import { createCoverage } from "../../core/mask/coverage.js";
import { fillRectangle } from "../../core/mask/shapes.js";
import { paintMaskOverlay } from "./overlay.js";

const colour = { red: 200, green: 60, blue: 30 };

function alphas(view: { scale: number; x: number; y: number }, width: number, height: number) {
  const coverage = createCoverage(8, 8);
  fillRectangle(coverage, { x: 2, y: 2, width: 4, height: 4 }, "add");
  const target = new Uint8ClampedArray(width * height * 4).fill(7);
  paintMaskOverlay(target, width, height, coverage, view, colour);
  return (x: number, y: number) => target[(y * width + x) * 4 + 3];
}

describe("mask overlay", () => {
  it("tints what is masked, marks its edge, and leaves the rest clear", () => {
    const alphaAt = alphas({ scale: 4, x: 0, y: 0 }, 32, 32);
    expect(alphaAt(0, 0)).toBe(0);
    expect(alphaAt(16, 16)).toBe(110);
    expect(alphaAt(8, 16)).toBe(235);
    expect(alphaAt(24, 16)).toBe(235);
    expect(alphaAt(26, 16)).toBe(0);
  });

  it("follows the view and draws nothing beside the picture", () => {
    const alphaAt = alphas({ scale: 1, x: -2, y: 10 }, 20, 20);
    expect(alphaAt(1, 14)).toBe(110);
    expect(alphaAt(1, 2)).toBe(0);
    expect(alphaAt(15, 14)).toBe(0);
  });
});
