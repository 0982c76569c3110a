import { expect, test } from "vitest";
import { createRaster } from "../../core/raster.js";
import { mirroredCanvas } from "./mirrored-canvas.js";

test("a row goes on backwards beyond its ends, again and again; alpha is the nearest pixel's", () => {
  const row = createRaster(3, 1, 2, 8, Uint8Array.from([1, 10, 2, 20, 3, 30]));
  const { data } = mirroredCanvas(row, { x: -4, y: 0, width: 12, height: 1 });
  const samples = (channel: number) => [...data].filter((_, at) => at % 2 === channel);
  expect(samples(0)).toEqual([3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1, 2]);
  expect(samples(1)).toEqual([10, 10, 10, 10, 10, 20, 30, 30, 30, 30, 30, 30]);
});

test("the picture itself stays as it is", () => {
  const picture = createRaster(2, 2, 1, 16, Uint16Array.from([1, 2, 3, 60_000]));
  expect(mirroredCanvas(picture, { x: 0, y: 0, width: 2, height: 2 })).toEqual(picture);
});
