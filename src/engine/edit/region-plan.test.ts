import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTokenLayout } from "../../core/layout.js";
import { TokenKind } from "../bundle/model.js";
import { planRegionTokens } from "./region-plan.js";

const layout = createTokenLayout({ imageSize: 32, grid: 4, levels: 3 });
const CELLS = 16;
const rect = { x: 40, y: -8, width: 64, height: 64 };

/** A mask with a pixel in each of the cells. */
function maskOf(cells: readonly number[]) {
  const alpha = new Uint8Array(rect.width * rect.height);
  for (const cell of cells) {
    const [x, y] = [(cell % 4) * 16 + (cell % 16), Math.floor(cell / 4) * 16 + ((cell * 7) % 16)];
    alpha[y * rect.width + x] = 1 + cell;
  }
  return { rect, alpha };
}

const plan = fc.record({
  cells: fc.uniqueArray(fc.integer({ min: 0, max: CELLS - 1 })),
  exactScales: fc.integer({ min: 0, max: layout.scaleCount }),
  startScales: fc.integer({ min: 0, max: layout.scaleCount - 1 }),
  strength: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  seed: fc.nat(),
});

describe("the tokens of a region", () => {
  it("are drawn only where a masked pixel lies and nothing is kept or given; the rest is exact", () => {
    fc.assert(
      fc.property(plan, ({ cells, ...query }) => {
        const region = { rect };
        const tokens = planRegionTokens({ layout, region, mask: maskOf(cells), ...query });
        const { exactScales, startScales } = query;
        for (let token = 0; token < layout.tokenCount; token++) {
          const scale = Math.floor(token / CELLS);
          const isMasked = cells.includes(token % CELLS);
          const isGiven = isMasked && scale >= exactScales && scale < startScales;
          expect(tokens.kinds[token]).toBe(isGiven ? TokenKind.code : TokenKind.exact);
          const mayDraw = isMasked && scale >= Math.max(exactScales, startScales);
          if (!mayDraw) expect(tokens.isDrawn[token]).toBe(0);
          else if (query.strength === 1) expect(tokens.isDrawn[token]).toBe(1);
        }
      }),
    );
  });

  it("touch the cells in which one is not the picture's own, and no others", () => {
    fc.assert(
      fc.property(plan, ({ cells, ...query }) => {
        const region = { rect };
        const tokens = planRegionTokens({ layout, region, mask: maskOf(cells), ...query });
        for (let cell = 0; cell < CELLS; cell++) {
          const own = Array.from({ length: layout.scaleCount }, (_, s) => s * CELLS + cell);
          const isTouched = own.some(
            (token) => tokens.isDrawn[token] === 1 || tokens.kinds[token] === TokenKind.code,
          );
          expect(tokens.touchedCells[cell]).toBe(isTouched ? 1 : 0);
        }
      }),
    );
  });
});
