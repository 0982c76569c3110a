import { describe, expect, it } from "vitest";
import { fillRectangle } from "../../core/mask/shapes.js";
import { TiledMask } from "../../core/mask/tiled-mask.js";
import type { View } from "../view/geometry.js";
import { paintMaskOverlay, type OverlayStyle } from "./overlay.js";

const tint: OverlayStyle = { kind: "tint", colour: [200, 60, 30] };

/** A mask of 8 x 8 pixels with a square in it, drawn into so many device pixels. */
function draw(view: View, width: number, height: number, style = tint) {
  const mask = new TiledMask(8, 8);
  fillRectangle(mask, { x: 2, y: 2, width: 4, height: 4 });
  const pixels = new Uint32Array(width * height).fill(7);
  paintMaskOverlay({ width, pixels }, { x: 0, y: 0, width, height }, mask, view, style);
  return { mask, pixels, alphaAt: (x: number, y: number) => (pixels[y * width + x] ?? 0) >>> 24 };
}

describe("mask overlay", () => {
  it("tints what is masked, marks its edge, and leaves the rest clear", () => {
    const { alphaAt, pixels } = draw({ scale: 4, x: 0, y: 0 }, 32, 32);
    expect(alphaAt(0, 0)).toBe(0);
    expect(alphaAt(16, 16)).toBe(110);
    expect(alphaAt(8, 16)).toBe(235);
    expect(alphaAt(24, 16)).toBe(235);
    expect(alphaAt(26, 16)).toBe(0);
    expect((pixels[16 * 32 + 16] ?? 0) & 0xffffff).toBe((30 << 16) | (60 << 8) | 200);
  });

  it("follows the view and draws nothing beside the picture", () => {
    const { alphaAt } = draw({ scale: 1, x: -2, y: 10 }, 20, 20);
    expect(alphaAt(1, 14)).toBe(110);
    expect(alphaAt(1, 2)).toBe(0);
    expect(alphaAt(15, 14)).toBe(0);
  });

  it("draws a part as the whole would have it", () => {
    const view = { scale: 3.3, x: -1.5, y: 2 };
    const { mask, pixels } = draw(view, 30, 30);
    const part = new Uint32Array(900);
    for (const [x, y] of [
      [0, 0],
      [11, 0],
      [0, 9],
      [11, 9],
    ] as const) {
      const area = { x, y, width: x === 0 ? 11 : 19, height: y === 0 ? 9 : 21 };
      paintMaskOverlay({ width: 30, pixels: part }, area, mask, view, tint);
    }
    expect(part).toEqual(pixels);
  });

  it("shows only dashes that move, as marching ants", () => {
    const view = { scale: 4, x: 0, y: 0 };
    const first = draw(view, 32, 32, { kind: "ants", step: 0 });
    expect(first.alphaAt(16, 16)).toBe(0);
    const edge = Array.from({ length: 16 }, (_, x) => first.pixels[8 * 32 + 8 + x] ?? 0);
    expect(new Set(edge)).toEqual(new Set([0xeb000000, 0xebffffff]));
    const next = draw(view, 32, 32, { kind: "ants", step: 4 });
    expect(next.pixels[8 * 32 + 10]).not.toBe(first.pixels[8 * 32 + 10]);
  });
});
