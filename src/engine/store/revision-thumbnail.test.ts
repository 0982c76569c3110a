import { expect, it } from "vitest";
import { createRaster, type Raster } from "../../core/raster.js";
import { renderThumbnail } from "./revision-thumbnail.js";

it.each([
  [1, 8, [200, 200, 200, 255]],
  [2, 8, [200, 200, 200, 200]],
  [3, 8, [200, 200, 200, 255]],
  [4, 8, [200, 200, 200, 200]],
  [1, 16, [200, 200, 200, 255]],
  [3, 16, [200, 200, 200, 255]],
  [4, 16, [200, 200, 200, 200]],
] as const)("shows %i channels of %i bits in their colour", async (channels, depth, expected) => {
  const raster: Raster = createRaster(300, 150, channels, depth);
  raster.data.fill(depth === 8 ? 200 : 200 * 257);
  const { width, height, rgba } = await renderThumbnail(raster, 100);
  expect([width, height, rgba.length]).toEqual([100, 50, 20_000]);
  const off = [...rgba].map((value, at) => Math.abs(value - (expected[at % 4] ?? 0)));
  // Colours are weighted by alpha in whole numbers, which costs a step or two.
  expect(Math.max(...off)).toBeLessThanOrEqual(2);
});

it("never enlarges, and keeps at least one pixel", async () => {
  expect(await renderThumbnail(createRaster(3, 2, 3, 8), 64)).toMatchObject({
    width: 3,
    height: 2,
  });
  expect(await renderThumbnail(createRaster(900, 1, 3, 8), 64)).toMatchObject({
    width: 64,
    height: 1,
  });
});
