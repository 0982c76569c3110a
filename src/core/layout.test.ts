import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createTokenLayout,
  frozenBlockSide,
  frozenTokenCount,
  tokenIndexAt,
  tokenPositionOf,
  tokenRect,
} from "./layout.js";

const specs = fc
  .record({
    levels: fc.integer({ min: 1, max: 6 }),
    grid: fc.integer({ min: 1, max: 9 }),
    coarsestPatch: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ levels, grid, coarsestPatch }) => ({
    levels,
    grid,
    imageSize: grid * coarsestPatch * 2 ** levels,
  }));

describe("the token layout", () => {
  it.each([
    [{ imageSize: 256, grid: 16, levels: 3 }, ["32/2", "32/2", "64/4", "128/8"], 1024],
    [{ imageSize: 256, grid: 16, levels: 4 }, ["16/1", "16/1", "32/2", "64/4", "128/8"], 1280],
    [
      { imageSize: 512, grid: 16, levels: 5 },
      ["16/1", "16/1", "32/2", "64/4", "128/8", "256/16"],
      1536,
    ],
    [{ imageSize: 128, grid: 8, levels: 4 }, ["8/1", "8/1", "16/2", "32/4", "64/8"], 320],
    [{ imageSize: 256, grid: 32, levels: 0 }, ["256/8"], 1024],
  ])("of %j is the published one", (spec, scales, tokens) => {
    const layout = createTokenLayout(spec);
    expect(layout.scales.map(({ resolution, patch }) => `${resolution}/${patch}`)).toEqual(scales);
    expect(layout.tokenCount).toBe(tokens);
    expect(layout.scales.map(({ channels }) => channels)).toEqual([
      3,
      ...scales.slice(1).map(() => 9),
    ]);
  });

  it("holds every coefficient of the pyramid exactly once", () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const layout = createTokenLayout(spec);
        const coefficients = layout.scales.reduce(
          (sum, { patch, channels }) => sum + layout.tokensPerScale * patch * patch * channels,
          0,
        );
        expect(coefficients).toBe(3 * spec.imageSize * spec.imageSize);
      }),
    );
  });

  it("numbers tokens coarse to fine, row by row, and finds them back", () => {
    fc.assert(
      fc.property(specs, fc.nat(), (spec, pick) => {
        const layout = createTokenLayout(spec);
        const index = pick % layout.tokenCount;
        const position = tokenPositionOf(layout, index);
        expect(tokenIndexAt(layout, position)).toBe(index);
        expect(layout.scales[position.scale]!.firstToken).toBeLessThanOrEqual(index);
        const rect = tokenRect(layout, index);
        expect([rect.x, rect.y]).toEqual([
          position.column * layout.cellSide,
          position.row * layout.cellSide,
        ]);
      }),
    );
    const studio = createTokenLayout({ imageSize: 128, grid: 8, levels: 4 });
    expect(tokenIndexAt(studio, { scale: 2, row: 1, column: 3 })).toBe(139);
    expect(tokenRect(studio, 139)).toEqual({ x: 48, y: 16, width: 16, height: 16 });
  });

  it("tells what a frozen prefix fixes", () => {
    const layout = createTokenLayout({ imageSize: 128, grid: 8, levels: 4 });
    expect([0, 1, 2, 3, 4, 5].map((frozen) => frozenBlockSide(layout, frozen))).toEqual([
      null,
      16,
      8,
      4,
      2,
      1,
    ]);
    expect(frozenTokenCount(layout, 2)).toBe(128);
    expect(() => frozenBlockSide(layout, 6)).toThrow(/0\.\.5 but got 6/);
  });

  it("fixes as many block means as frozen coefficients", () => {
    fc.assert(
      fc.property(specs, fc.nat(), (spec, pick) => {
        const layout = createTokenLayout(spec);
        const frozen = 1 + (pick % layout.scaleCount);
        const coefficients = layout.scales
          .slice(0, frozen)
          .reduce((sum, { resolution, channels }) => sum + resolution * resolution * channels, 0);
        const blocks = spec.imageSize / frozenBlockSide(layout, frozen)!;
        expect(3 * blocks * blocks).toBe(coefficients);
      }),
    );
  });

  it.each([
    [{ imageSize: 100, grid: 5, levels: 3 }, /multiple of 2\^3 = 8 but got 100/],
    [{ imageSize: 128, grid: 16, levels: 4 }, /coarsest scale of 8 x 8 but got 16/],
    [{ imageSize: 128, grid: 0, levels: 4 }, /grid to be a positive integer but got 0/],
    [{ imageSize: 128, grid: 8, levels: 1.5 }, /levels to be a positive integer/],
  ])("refuses %j", (spec, message) => {
    expect(() => createTokenLayout(spec)).toThrow(message);
  });

  it("refuses tokens that do not exist", () => {
    const layout = createTokenLayout({ imageSize: 128, grid: 8, levels: 4 });
    expect(() => tokenPositionOf(layout, 320)).toThrow(/0\.\.319/);
    expect(() => tokenIndexAt(layout, { scale: 0, row: 8, column: 0 })).toThrow(/a row in 0\.\.7/);
  });
});
