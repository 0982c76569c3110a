import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRaster, rastersEqual, type Raster } from "./raster.js";
import { turnBack, turnRaster, TURNS } from "./turn-raster.js";

/** a b c / d e f, one channel. */
function letters(rows: readonly string[]): Raster {
  const data = Uint8Array.from(rows.join(""), (letter) => letter.charCodeAt(0));
  return createRaster(rows[0]!.length, rows.length, 1, 8, data);
}

const rowsOf = ({ width, height, data }: Raster): string[] =>
  Array.from({ length: height }, (_, y) =>
    String.fromCharCode(...data.subarray(y * width, (y + 1) * width)),
  );

describe("a turned picture", () => {
  it.each([
    ["left", ["cf", "be", "ad"]],
    ["right", ["da", "eb", "fc"]],
    ["half", ["fed", "cba"]],
    ["mirror", ["cba", "fed"]],
    ["flip", ["def", "abc"]],
  ] as const)("has its pixels where a turn %s puts them", (turn, rows) => {
    expect(rowsOf(turnRaster(letters(["abc", "def"]), turn))).toEqual(rows);
  });

  it("comes back bit for bit, whatever its size, channels and depth", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const),
        fc.constantFrom(8 as const, 16 as const),
        fc.constantFrom(...TURNS),
        (width, height, channels, depth, turn) => {
          const raster = createRaster(width, height, channels, depth);
          raster.data.forEach((_, index) => (raster.data[index] = (index * 7919) % 251));
          const back = turnRaster(turnRaster(raster, turn), turnBack(turn));
          expect(rastersEqual(back, raster)).toBe(true);
        },
      ),
    );
  });
});
