import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rectContains } from "../../core/rect.js";
import { coarsestLevel, levelForScale, parentTile, tileArea, tilesIn } from "./tile-plan.js";

const picture = { width: 4000, height: 3000 };

describe("tile plan", () => {
  it("reads native pixels from 100 % on and half of them each time the zoom halves", () => {
    expect([4, 1, 0.6, 0.5, 0.2].map((scale) => levelForScale(scale, picture))).toEqual([
      0, 0, 0, 1, 2,
    ]);
  });

  it("never goes coarser than one tile for the picture", () => {
    expect(coarsestLevel(picture)).toBe(3);
    expect(levelForScale(0.001, picture)).toBe(3);
    expect(coarsestLevel({ width: 500, height: 20 })).toBe(0);
  });

  it("covers the visible rectangle, starting in its middle", () => {
    const tiles = tilesIn({ x: 0, y: 0, width: 1536, height: 1536 }, 0);
    expect(tiles).toHaveLength(9);
    expect(tiles[0]).toEqual({ level: 0, column: 1, row: 1 });
    expect(tilesIn({ x: 0, y: 0, width: 0, height: 9 }, 0)).toEqual([]);
  });

  it("finds a parent that holds the tile", () => {
    fc.assert(
      fc.property(fc.nat({ max: 7 }), fc.nat({ max: 5 }), (column, row) => {
        const tile = { level: 0, column, row };
        const parent = parentTile(tile);
        expect(rectContains(tileArea(parent, picture), tileArea(tile, picture))).toBe(true);
      }),
    );
  });
});
