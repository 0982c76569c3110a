import { describe, expect, it } from "vitest";
import { createTokenLayout } from "../../core/layout.js";
import { createRaster } from "../../core/raster.js";
import { ByteCache } from "./byte-cache.js";
import { scaleThumbnails } from "./scale-thumbnails.js";
import { TileCache } from "./tiles.js";

const layout = createTokenLayout({ imageSize: 32, grid: 4, levels: 3 });
const scaleStd = [0.5, 0.1, 0.1, 0.1];

describe("tiles", () => {
  it("cover the picture at every level, cut at the border, and are rendered once", async () => {
    const raster = createRaster(1100, 513, 1, 8);
    const tiles = new TileCache();
    let reads = 0;
    const read = (level: number, column: number, row: number) =>
      tiles.read("a/0", { level, column, row }, async () => {
        reads++;
        return raster;
      });
    expect(await read(0, 2, 1)).toMatchObject({ width: 76, height: 1 });
    expect(await read(1, 1, 0)).toMatchObject({ width: 38, height: 257 });
    expect(await read(1, 1, 0)).toMatchObject({ width: 38, height: 257 });
    expect(reads).toBe(2);
    await expect(read(0, 3, 0)).rejects.toThrow(/column 3/);
  });
});

describe("coarse tiles", () => {
  it("read the picture once for all of them, and are the means of its blocks", async () => {
    const raster = createRaster(2100, 1030, 3, 8);
    for (let i = 0; i < raster.data.length; i++) raster.data[i] = (i * 7919) % 256;
    const tiles = new TileCache();
    let reads = 0;
    const read = (level: number, column = 0, row = 0) =>
      tiles.read("a/0", { level, column, row }, async () => {
        reads++;
        return raster;
      });
    await Promise.all([read(2), read(2, 1, 0), read(3), read(4), read(5)]);
    const readsBefore = reads;
    await read(2, 0, 0);
    expect(await read(2, 1, 0)).toMatchObject({ width: 13, height: 258 });
    expect(reads).toBe(readsBefore);
    for (const level of [2, 3, 4]) {
      const { rgba, width } = await read(level);
      const side = 2 ** level;
      for (const [x, y] of [
        [0, 0],
        [3, 7],
        [9, 2],
      ] as const) {
        let sum = 0;
        for (let i = 0; i < side * side; i++) {
          const at = (y * side + Math.floor(i / side)) * raster.width + x * side + (i % side);
          sum += raster.data[at * 3] ?? 0;
        }
        // Means of means: rounded at most twice.
        expect(Math.abs((rgba[(y * width + x) * 4] ?? 0) - sum / side ** 2)).toBeLessThanOrEqual(1);
      }
    }
    await expect(read(2, 2, 0)).rejects.toThrow(/column 2/);
  });
});

describe("thumbnails of scales", () => {
  it("show flat pictures as their colour and as mid-grey details", () => {
    const raster = createRaster(32, 16, 3, 8);
    raster.data.fill(200);
    const region = { x: 0, y: 0, width: 32, height: 16 };
    const thumbnails = scaleThumbnails(raster, region, layout, scaleStd);
    expect(thumbnails.map(({ scale, width, height }) => [scale, width, height])).toEqual([
      [0, 4, 2],
      [1, 8, 4],
      [2, 16, 8],
      [3, 32, 16],
    ]);
    expect([...new Set(thumbnails[0]?.rgba)].sort()).toEqual([200, 255]);
    for (const { rgba } of thumbnails.slice(1)) expect([...new Set(rgba)]).toEqual([128, 255]);
  });

  it("show an edge only in the scales that hold it", () => {
    const raster = createRaster(32, 32, 1, 16);
    for (let pixel = 0; pixel < 1024; pixel++) raster.data[pixel] = pixel % 2 ? 65535 : 0;
    const region = { x: 0, y: 0, width: 32, height: 32 };
    const contrast = scaleThumbnails(raster, region, layout, scaleStd).map(({ rgba }) =>
      Math.max(...rgba.filter((_, i) => i % 4 < 3)),
    );
    expect(contrast).toEqual([128, 128, 128, 255]);
  });
});

describe("a cache with a budget of bytes", () => {
  it("drops what was not used for longest, never the newest", () => {
    const cache = new ByteCache<string>(10);
    cache.set("a", "A", 4);
    cache.set("b", "B", 4);
    cache.get("a");
    cache.set("c", "C", 4);
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual(["A", undefined, "C"]);
    cache.set("huge", "H", 100);
    expect([cache.get("a"), cache.get("huge")]).toEqual([undefined, "H"]);
  });
});
