import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limitMaskToCells } from "./limit-mask.js";

describe("a mask that is limited to cells", () => {
  it("is 0 in cells that are, and as it was elsewhere", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -9, max: 9 }),
        fc.integer({ min: -9, max: 9 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.uint8Array({ minLength: 9, maxLength: 9, max: 1 }),
        (x, y, width, height, cells) => {
          const alpha = Uint8Array.from({ length: width * height }, (_, at) => 1 + (at % 255));
          const mask = { rect: { x, y, width, height }, alpha };
          const region = { x: -4, y: -2, width: 12, height: 12 };
          const limited = limitMaskToCells(mask, cells, region, 3);
          expect(limited.rect).toEqual(mask.rect);
          limited.alpha.forEach((value, at) => {
            const column = Math.floor((x + (at % width) + 4) / 4);
            const row = Math.floor((y + Math.floor(at / width) + 2) / 4);
            const isInside = column >= 0 && column < 3 && row >= 0 && row < 3;
            const isKept = !isInside || cells[3 * row + column] === 1;
            expect(value).toBe(isKept ? alpha[at] : 0);
          });
        },
      ),
    );
  });
});
