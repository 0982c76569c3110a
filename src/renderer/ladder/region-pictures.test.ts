import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { documentInfo } from "../../../test/fixtures/screen-data.js";
import { meansOfCells, readRegionPictures, type ScreenImage } from "./region-pictures.js";

/** A picture whose red tells the column and whose green tells the row. */
function gradient(width: number, height: number): ScreenImage {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rgba[(y * width + x) * 4] = x % 256;
      rgba[(y * width + x) * 4 + 1] = y % 256;
    }
  }
  return { width, height, rgba };
}

describe("pictures of a region", () => {
  it("hold the exact means of whole cells", () => {
    const { width, height, rgba } = meansOfCells(gradient(8, 4), 2);
    expect([width, height]).toEqual([4, 2]);
    // Columns 2 and 3 have the mean 2.5, rows 2 and 3 as well.
    expect([...rgba.subarray((4 + 1) * 4, (4 + 2) * 4)]).toEqual([3, 3, 255, 255]);
  });

  it("cover the source whatever the size of a cell", () => {
    const side = fc.integer({ min: 1, max: 40 });
    const cell = fc.double({ min: 1, max: 50, noNaN: true });
    fc.assert(
      fc.property(side, side, cell, (width, height, length) => {
        const rgba = new Uint8Array(width * height * 4).fill(77);
        const means = meansOfCells({ width, height, rgba }, length);
        expect(means.width).toBe(Math.max(1, Math.ceil(width / length - 1e-6)));
        expect(means.rgba.every((value) => value === 77)).toBe(true);
      }),
    );
  });

  it("are put together from all tiles under the region, at the coarsest level that will do", async () => {
    const view = {
      documentId: documentInfo().documentId,
      revision: 3,
      size: { width: 2048, height: 1024 },
    };
    const asked: { level: number; column: number; row: number }[] = [];
    const region = { x: 896, y: 128, width: 256, height: 256 };
    const pictures = await readRegionPictures(
      {
        readTile: async ({ level, column, row }) => {
          asked.push({ level, column, row });
          return { width: 512, height: 512, rgba: new Uint8Array(512 * 512 * 4).fill(column) };
        },
      },
      view,
      region,
      [32, 2],
    );
    expect(asked).toEqual([
      { level: 1, column: 0, row: 0 },
      { level: 1, column: 1, row: 0 },
    ]);
    expect(pictures.map(({ rect, image }) => [rect, image.width, image.height])).toEqual([
      [region, 8, 8],
      [region, 128, 128],
    ]);
    const [coarse] = pictures;
    expect([coarse?.image.rgba[0], coarse?.image.rgba[7 * 4]]).toEqual([0, 1]);
  });

  it("end at the picture's border", async () => {
    const view = {
      documentId: documentInfo().documentId,
      revision: 0,
      size: { width: 40, height: 30 },
    };
    const region = { x: 16, y: 16, width: 32, height: 32 };
    const readTile = async () => gradient(40, 30);
    const [picture] = await readRegionPictures({ readTile }, view, region, [8]);
    expect(picture?.rect).toEqual({ x: 16, y: 16, width: 24, height: 16 });
    expect([picture?.image.width, picture?.image.height]).toEqual([3, 2]);
  });
});
