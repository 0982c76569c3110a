import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { strokeBrush } from "../../core/mask/brush.js";
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

  it("gives every pixel what its value and its neighbours' say, across tiles and at any scale", () => {
    const strokes = fc.array(
      fc.record({
        x: fc.integer({ min: 236, max: 276 }),
        y: fc.integer({ min: 236, max: 276 }),
        diameterPx: fc.integer({ min: 1, max: 30 }),
        hardness: fc.constantFrom(0, 0.5, 1),
        mode: fc.constantFrom("add" as const, "erase" as const),
      }),
      { minLength: 1, maxLength: 4 },
    );
    const views = fc.record({
      scale: fc.constantFrom(1, 1, 0.7, 2.3),
      x: fc.double({ min: -260, max: -230, noNaN: true }),
      y: fc.double({ min: -260, max: -230, noNaN: true }),
    });
    fc.assert(
      fc.property(strokes, views, fc.integer({ min: 1, max: 37 }), (dabs, view, width) => {
        const mask = new TiledMask(280, 290);
        for (const { x, y, ...brush } of dabs) strokeBrush(mask, brush, [{ x, y }]);
        const height = 30;
        const pixels = new Uint32Array(width * height).fill(7);
        paintMaskOverlay({ width, pixels }, { x: 0, y: 0, width, height }, mask, view, tint);
        const valueAt = (x: number, y: number) =>
          mask.valueAt(
            Math.floor((x + 0.5 - view.x) / view.scale),
            Math.floor((y + 0.5 - view.y) / view.scale),
          );
        for (let at = 0; at < pixels.length; at++) {
          const [x, y] = [at % width, Math.floor(at / width)];
          const value = valueAt(x, y);
          const isIn = value >= 128;
          const isEdge = isIn !== valueAt(x - 1, y) >= 128 || isIn !== valueAt(x, y - 1) >= 128;
          const alpha = isEdge ? 235 : Math.round((value * 110) / 255);
          expect([x, y, pixels[at]! >>> 24]).toEqual([x, y, alpha]);
        }
      }),
      { numRuns: 60 },
    );
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
