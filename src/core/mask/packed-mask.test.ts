import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packMask, packTiledMask, unpackMask, writePackedMask } from "./packed-mask.js";
import { readTiledMask, toMask } from "./tiled-mask-pixels.js";
import { TiledMask } from "./tiled-mask.js";

const mask = fc
  .record({
    x: fc.integer({ min: 0, max: 20 }),
    y: fc.integer({ min: 0, max: 20 }),
    width: fc.integer({ min: 1, max: 280 }),
    height: fc.integer({ min: 1, max: 12 }),
    runs: fc.array(fc.tuple(fc.constantFrom(0, 255, 90), fc.integer({ min: 1, max: 700 })), {
      maxLength: 12,
    }),
  })
  .map(({ runs, ...rect }) => {
    const alpha = new Uint8Array(rect.width * rect.height);
    let at = 0;
    for (const [value, count] of runs) {
      alpha.fill(value, at, at + count);
      at += count;
    }
    return { rect, alpha };
  });

describe("packed masks", () => {
  it("come back as they were, whole or tile by tile", () => {
    fc.assert(
      fc.property(mask, (original) => {
        const packed = packMask(original);
        expect(unpackMask(packed)).toEqual(original);
        const tiled = new TiledMask(300, 40);
        writePackedMask(tiled, packed);
        const trimmed = toMask(tiled);
        expect(packTiledMask(tiled)).toEqual(trimmed && packMask(trimmed));
        expect(readTiledMask(tiled, original.rect)).toEqual(original.alpha);
      }),
    );
  });

  it("are small where neighbours are alike", () => {
    const rect = { x: 0, y: 0, width: 4000, height: 3000 };
    const packed = packMask({ rect, alpha: new Uint8Array(12_000_000).fill(255) });
    expect(packed.runs.length).toBeLessThan(8);
  });

  it("are refused when they do not fill their rectangle, whatever the bytes say", () => {
    const rect = { x: 0, y: 0, width: 4, height: 2 };
    const tooMuch = Uint8Array.of(255, 9);
    const tooLittle = Uint8Array.of(255, 7);
    const cut = Uint8Array.of(255, 200);
    const endless = Uint8Array.of(255, ...new Array<number>(400).fill(255));
    for (const runs of [tooMuch, tooLittle, cut, endless, new Uint8Array(0)]) {
      expect(() => unpackMask({ rect, runs })).toThrow(/runs of 8 pixels/);
    }
    const outside = { rect: { ...rect, x: 3 }, runs: Uint8Array.of(255, 8) };
    expect(() => writePackedMask(new TiledMask(5, 5), outside)).toThrow(/inside of 5 x 5/);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (runs) => {
        try {
          expect(unpackMask({ rect, runs }).alpha).toHaveLength(8);
        } catch (error) {
          expect(error).toMatchObject({ code: "MASK_INVALID" });
        }
      }),
    );
  });
});
