import { describe, expect, it } from "vitest";
import { createTokenLayout } from "../../core/layout.js";
import { createRaster } from "../../core/raster.js";
import { scaleThumbnails } from "./thumbnails.js";
import { readTile, reduceToFit } from "./tiles.js";

const layout = createTokenLayout({ imageSize: 32, grid: 4, levels: 3 });

describe("tiles", () => {
  it("cover the picture at every level, cut at the border", () => {
    const raster = createRaster(1100, 513, 1, 8);
    expect(readTile(raster, 0, 2, 1)).toMatchObject({ width: 76, height: 1 });
    expect(readTile(raster, 1, 1, 0)).toMatchObject({ width: 38, height: 257 });
    expect(() => readTile(raster, 0, 3, 0)).toThrow(/column 3/);
    expect(reduceToFit(raster, 300)).toMatchObject({ width: 275, height: 129 });
  });
});

describe("thumbnails of scales", () => {
  it("show flat pictures as their colour and as mid-grey details", () => {
    const raster = createRaster(50, 20, 3, 8);
    raster.data.fill(200);
    const thumbnails = scaleThumbnails(raster, { x: 0, y: 0, width: 50, height: 20 }, layout);
    expect(thumbnails.map(({ width }) => width)).toEqual([4, 8, 16, 32]);
    expect([...new Set(thumbnails[0]?.rgba)].sort()).toEqual([200, 255]);
    for (const { rgba } of thumbnails.slice(1)) expect([...new Set(rgba)]).toEqual([128, 255]);
  });

  it("show an edge in the scales that hold it, also for regions over the border", () => {
    const raster = createRaster(32, 32, 1, 16);
    for (let pixel = 0; pixel < 1024; pixel++) raster.data[pixel] = pixel % 2 ? 65535 : 0;
    const thumbnails = scaleThumbnails(raster, { x: 0, y: 0, width: 32, height: 32 }, layout);
    const contrast = thumbnails.map(({ rgba }) => Math.max(...rgba.filter((_, i) => i % 4 < 3)));
    expect(contrast).toEqual([128, 128, 128, 255]);
    expect(scaleThumbnails(raster, { x: -20, y: 20, width: 40, height: 40 }, layout)).toHaveLength(
      4,
    );
  });
});
