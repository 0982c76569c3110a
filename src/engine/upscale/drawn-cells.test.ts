import { describe, expect, it } from "vitest";
import { createTokenLayout } from "../../core/layout.js";
import { DrawnCells } from "./drawn-cells.js";

/** 5 scales of 8 x 8 tokens that each cover 16 pixels: 8 input pixels at a factor of 2. */
const layout = createTokenLayout({ imageSize: 128, grid: 8, levels: 4 });
const finest = 4 * 64;

function plan() {
  return {
    codes: new Int32Array(layout.tokenCount),
    isDrawn: new Uint8Array(layout.tokenCount).fill(1, finest),
  };
}

describe("drawn cells", () => {
  it("force the tokens that a tile shares with those drawn before, and no others", () => {
    const cells = new DrawnCells(layout, 2);
    const codes = Int32Array.from({ length: layout.tokenCount }, (_, token) => token);
    cells.remember(codes, 0, 0);
    const right = plan();
    cells.force(right, 56, 0);
    for (let token = 0; token < 64; token++) {
      const isShared = token % 8 === 0;
      expect(right.isDrawn[finest + token]).toBe(isShared ? 0 : 1);
      // Its first column is the last one of the tile before.
      if (isShared) expect(right.codes[finest + token]).toBe(finest + token + 7);
    }
    expect(right.codes.subarray(0, finest).every((code) => code === 0)).toBe(true);
    const below = plan();
    cells.force(below, 0, 56);
    expect([...below.codes.subarray(finest, finest + 8)]).toEqual(
      Array.from({ length: 8 }, (_, column) => finest + 56 + column),
    );
  });

  it("forget what no later tile can share, and leave tiles alone that lie between cells", () => {
    const cells = new DrawnCells(layout, 2);
    cells.remember(new Int32Array(layout.tokenCount).fill(7), 0, 0);
    const between = plan();
    cells.force(between, 3, 0);
    expect(between.isDrawn).toEqual(plan().isDrawn);
    cells.remember(new Int32Array(layout.tokenCount).fill(8), 0, 112);
    const again = plan();
    cells.force(again, 0, 0);
    expect(again.isDrawn).toEqual(plan().isDrawn);
  });
});
