import { describe, expect, it } from "vitest";
import { createRaster, type ChannelCount } from "../../../src/core/raster.js";
import { middle, reduceByBlocks } from "./pictures.js";
import { cut, mostDetailed } from "./strip.js";

describe("a test picture", () => {
  it("is the middle, as RGB with sides that every factor divides", () => {
    const large = createRaster(1001, 701, 3, 8);
    const { width, height } = middle(large);
    expect([width % 8, height % 8]).toEqual([0, 0]);
    expect(width * height).toBeGreaterThan(290_000);
    expect(width * height).toBeLessThanOrEqual(300_000);
    expect(middle(createRaster(264, 256, 3, 8))).toMatchObject({ width: 264, height: 256 });
  });

  it.each([
    [1, 8, [9, 9, 9]],
    [2, 8, [9, 9, 9]],
    [4, 8, [9, 10, 11]],
    [3, 16, [9, 10, 11]],
  ] as const)(
    "repeats grey and leaves alpha out (%i channels of %i bits)",
    (channels, depth, rgb) => {
      const kind: ChannelCount = channels;
      const picture = createRaster(8, 8, kind, depth);
      picture.data.forEach((_, at) => {
        picture.data[at] = (9 + (at % channels)) * (depth === 8 ? 1 : 257);
      });
      expect([...middle(picture).data.subarray(0, 3)]).toEqual(rgb);
    },
  );

  it("is reduced to the rounded means of blocks", () => {
    const picture = createRaster(4, 2, 1, 8, Uint8Array.of(0, 1, 10, 10, 1, 1, 10, 13));
    expect([...reduceByBlocks(picture, 2).data]).toEqual([1, 11]);
  });
});

it("a strip shows the square with the most detail", () => {
  const picture = createRaster(256, 256, 3, 8);
  const spot = (192 * 256 + 144) * 3;
  picture.data[spot] = 255;
  const corner = mostDetailed(picture, 4);
  const square = cut(picture, corner);
  expect([square.width, square.height]).toEqual([96, 96]);
  expect(square.data[((192 - corner.y) * 96 + 144 - corner.x) * 3]).toBe(255);
});
