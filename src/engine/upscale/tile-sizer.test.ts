import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pace } from "../bundle/enlarger.js";
import { TileSizer } from "./tile-sizer.js";

const GIGABYTE = 2 ** 30;
/** Of a narrow picture: its rows take no memory to speak of. */
const rowBytes = 1_000;

/** Area of a tile in the middle of a large picture, its halo included. */
function outerArea(sizer: TileSizer, halo: number): number {
  const rows = sizer.rows(10_000);
  return (rows + 2 * halo) * (sizer.columns(10_000, rows) + 2 * halo);
}

describe("the size of tiles", () => {
  it("follows the measured speed, so that a run takes less than a tenth of a second", () => {
    for (const msPerPixel of [0.0005, 0.002, 0.006]) {
      const pace = new Pace();
      pace.note(10_000, 10_000 * msPerPixel);
      const sizer = new TileSizer({ halo: 8, freeBytes: 16 * GIGABYTE, rowBytes, pace });
      expect(outerArea(sizer, 8) * msPerPixel).toBeLessThan(100);
      expect(outerArea(sizer, 8) * msPerPixel).toBeGreaterThan(50);
    }
  });

  it("stays above three halos on a slow machine, where smaller tiles would be mostly halo", () => {
    const pace = new Pace();
    pace.note(1_000, 60_000);
    const sizer = new TileSizer({ halo: 18, freeBytes: 16 * GIGABYTE, rowBytes, pace });
    expect(sizer.rows(10_000)).toBeGreaterThanOrEqual(54);
  });

  it("follows free memory, and what turned out to be too large", () => {
    const pace = new Pace();
    const area = (freeBytes: number) =>
      outerArea(new TileSizer({ halo: 3, freeBytes, rowBytes, pace }), 3);
    expect(area(GIGABYTE / 16)).toBeLessThan(area(GIGABYTE));
    const sizer = new TileSizer({ halo: 3, freeBytes: 16 * GIGABYTE, rowBytes, pace });
    sizer.shrink(4_000);
    expect(outerArea(sizer, 3)).toBeLessThan(4_000);
  });

  it("keeps the finished rows of a wide panorama within memory", () => {
    // 8,000 pixels a row, 8 times as large, four channels of 16 bits.
    const wide = 8_000 * 64 * 8;
    const pace = new Pace();
    pace.note(1_000_000, 1);
    const rows = (freeBytes: number) =>
      new TileSizer({ halo: 8, freeBytes, rowBytes: wide, pace }).rows(600);
    expect(rows(64 * GIGABYTE) * wide).toBeLessThanOrEqual(GIGABYTE / 4);
    expect(rows(GIGABYTE) * wide).toBeLessThanOrEqual(GIGABYTE / 8);
    expect(rows(GIGABYTE / 1_024)).toBe(16);
  });

  it("cuts any length into equal parts without a rest that is hardly worth a run", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), (length) => {
        const sizer = new TileSizer({
          halo: 8,
          freeBytes: 16 * GIGABYTE,
          rowBytes,
          pace: new Pace(),
        });
        const parts: number[] = [];
        for (let left = length; left > 0; left -= parts.at(-1)!) parts.push(sizer.rows(left));
        expect(parts.every((part) => part >= 1)).toBe(true);
        expect(parts[0]! - parts.at(-1)!).toBeLessThanOrEqual(parts.length);
      }),
    );
  });
});
