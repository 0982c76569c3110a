import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { cropRaster, type Raster } from "../../src/core/raster.js";
import type { Rect } from "../../src/core/rect.js";
import { findBlockMismatch } from "../../src/core/verify.js";
import { runUpscale, type UpscaleRequest } from "../../src/engine/jobs/run-upscale.js";
import { previewUpscale } from "../../src/engine/upscale/preview-upscale.js";
import { openUpscalers, type Upscalers } from "./debug-bundle.js";
import { quietContext, testPicture } from "./pictures.js";

let loaded: Upscalers;
beforeAll(async () => {
  loaded = await openUpscalers();
});

const request: UpscaleRequest = { factor: 2, creativity: 0, prompt: "", seed: 1, guidance: 1 };

/** The samples of a part, as a plain array. */
function part(raster: Raster, rect: Rect): number[] {
  return [...cropRaster(raster, rect).data];
}

describe.each(["network", "decoder"] as const)("a preview by the %s", (by) => {
  it("shows the very pixels that the whole upscale has there", async () => {
    const picture = testPicture(83, 61, 4, 8);
    const factors = by === "network" ? ([2, 4, 8] as const) : ([2, 4] as const);
    for (const factor of factors) {
      const whole = await runUpscale(loaded[by], picture, { ...request, factor }, quietContext());
      const parts = fc.record({
        x: fc.integer({ min: -5, max: 80 }),
        y: fc.integer({ min: -5, max: 58 }),
        width: fc.integer({ min: 6, max: 40 }),
        height: fc.integer({ min: 6, max: 40 }),
      });
      await fc.assert(
        fc.asyncProperty(parts, async (rect) => {
          const found = await previewUpscale(
            loaded[by],
            picture,
            { ...request, factor },
            rect,
            quietContext(),
          );
          const { x, y, width, height } = found.rect;
          const big = {
            x: x * factor,
            y: y * factor,
            width: width * factor,
            height: height * factor,
          };
          expect([...found.raster.data]).toEqual(part(whole, big));
        }),
        { numRuns: 6 },
      );
    }
  });

  it.each([
    { width: 131, height: 97 },
    // A whole multiple, whose blocks are exact.
    { width: 150, height: 123 },
  ])("does so for a size that is no power of two: $width x $height", async (size) => {
    const picture = testPicture(50, 41, 3, 16);
    const whole = await runUpscale(loaded[by], picture, { ...request, size }, quietContext());
    const rect = { x: 13, y: 9, width: 20, height: 17 };
    const found = await previewUpscale(
      loaded[by],
      picture,
      { ...request, size },
      rect,
      quietContext(),
    );
    const [x, y] = [Math.floor((13 * size.width) / 50), Math.floor((9 * size.height) / 41)];
    const width = Math.ceil((33 * size.width) / 50) - x;
    const height = Math.ceil((26 * size.height) / 41) - y;
    expect([found.raster.width, found.raster.height]).toEqual([width, height]);
    expect([...found.raster.data]).toEqual(part(whole, { x, y, width, height }));
  });

  it("draws a part of a tile's size as one tile, wherever it lies", async () => {
    const picture = testPicture(90, 70, 4, 8);
    const drawn = { ...request, creativity: 1, prompt: "a dog", seed: 5 };
    const side = loaded[by].model.layout.imageSize / 2;
    for (const [x, y] of [
      [31, 13],
      [90 - side, 70 - side],
    ] as const) {
      const rect = { x, y, width: side, height: side };
      const { raster } = await previewUpscale(loaded[by], picture, drawn, rect, quietContext());
      const alone = await runUpscale(loaded[by], cropRaster(picture, rect), drawn, quietContext());
      const colours = (of: Raster) => [...of.data].filter((_, i) => i % 4 < 3);
      expect(colours(raster)).toEqual(colours(alone));
      expect(findBlockMismatch(raster, cropRaster(picture, rect), 2)).toBeNull();
    }
    // Beyond the last whole tile the one before goes on.
    const corner = { x: 85, y: 66, width: 5, height: 4 };
    const { raster } = await previewUpscale(loaded[by], picture, drawn, corner, quietContext());
    expect(findBlockMismatch(raster, cropRaster(picture, corner), 2)).toBeNull();
  });

  it("refuses a part that is too large or outside", async () => {
    const picture = testPicture(300, 20, 1, 8);
    for (const rect of [
      { x: 0, y: 0, width: 257, height: 9 },
      { x: 300, y: 0, width: 9, height: 9 },
    ]) {
      const refused = previewUpscale(loaded[by], picture, request, rect, quietContext());
      await expect(refused).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    }
  });
});
