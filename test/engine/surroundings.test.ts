import { describe, expect, it } from "vitest";
import { PixelRole } from "../../src/core/edit/texture-window.js";
import { planEditRegion } from "../../src/core/plan/region.js";
import { createRaster } from "../../src/core/raster.js";
import { allAtOnce } from "../../src/core/steps.js";
import { quietContext, testPicture } from "./pictures.js";
import {
  placeTexture,
  surroundingsSteps,
  textureFrom,
} from "../../src/engine/edit/surroundings.js";

const layout = { imageSize: 32, grid: 4, levels: 3 };

function surroundingsOf(original = testPicture(150, 120, 3, 8)) {
  const rect = { x: 50, y: 45, width: 40, height: 40 };
  const mask = { rect, alpha: new Uint8Array(1600).fill(255) };
  const region = planEditRegion({
    imageWidth: original.width,
    imageHeight: original.height,
    maskBounds: rect,
    layout,
  });
  return { original, region, surroundings: allAtOnce(surroundingsSteps(original, region, mask)) };
}

describe("the surroundings of a mask", () => {
  it("are examples where they lie in the picture, and targets where a masked pixel is", () => {
    const { region, surroundings } = surroundingsOf();
    const { rect, factor, seen } = surroundings;
    expect(factor).toBe(region.factor);
    const roleAt = (x: number, y: number) =>
      seen.roles[
        Math.floor((y - rect.y) / factor) * seen.width + Math.floor((x - rect.x) / factor)
      ];
    expect(roleAt(50, 45)).toBe(PixelRole.target);
    expect(roleAt(89, 84)).toBe(PixelRole.target);
    expect(roleAt(40, 40)).toBe(PixelRole.example);
    expect(roleAt(-4, 40)).toBe(PixelRole.unusable);
    expect(roleAt(40, 123)).toBe(PixelRole.unusable);
  });

  it("are no examples where they are transparent", () => {
    const original = createRaster(150, 120, 4, 8);
    const { seen } = surroundingsOf(original).surroundings;
    expect(seen.roles.includes(PixelRole.example)).toBe(false);
    expect(seen.roles.includes(PixelRole.target)).toBe(true);
  });

  it("give what was drawn their texture, the same for the same seed, and say where its detail is", async () => {
    const { region, surroundings } = surroundingsOf();
    const drawn = { side: 32, data: new Float32Array(3 * 32 * 32) };
    const once = await textureFrom(
      surroundings,
      drawn,
      { seed: 3, variation: 0, isFilled: false },
      quietContext(),
    );
    const twice = await textureFrom(
      surroundings,
      drawn,
      { seed: 3, variation: 0, isFilled: false },
      quietContext(),
    );
    expect(once).toEqual(twice);
    expect(once.image.data).not.toEqual(drawn.data);
    const placed = placeTexture(surroundings, once.texture!, once.image);
    expect(placed.factor).toBe(region.factor);
    expect(placed.wanted).toHaveLength(surroundings.seen.colours.length);
  });

  it("are continued as they are where something was removed, whatever was drawn", async () => {
    const { surroundings } = surroundingsOf();
    const drawn = { side: 32, data: new Float32Array(3 * 32 * 32).fill(0.9) };
    const removed = await textureFrom(
      surroundings,
      drawn,
      { seed: 3, variation: 0, isFilled: true },
      quietContext(),
    );
    const { colours, roles } = surroundings.seen;
    const known = colours.filter((_, at) => roles[Math.floor(at / 3)] === PixelRole.example);
    const brightest = known.reduce((most, value) => Math.max(most, value), -1);
    for (const [pixel, role] of roles.entries()) {
      if (role !== PixelRole.target) continue;
      expect(removed.texture!.colours[3 * pixel]!).toBeLessThan(brightest + 0.05);
      expect(removed.texture!.shares[pixel]).toBe(1);
    }
  });

  it("are continued otherwise by every variation, and each the same again", async () => {
    const { surroundings } = surroundingsOf();
    const drawn = { side: 32, data: new Float32Array(3 * 32 * 32) };
    const fill = (variation: number) =>
      textureFrom(surroundings, drawn, { seed: 3, variation, isFilled: true }, quietContext());
    const [first, second, again] = [await fill(0), await fill(1), await fill(0)];
    expect(again).toEqual(first);
    expect(second.image.data).not.toEqual(first.image.data);
  });

  it("are left when the job is cancelled", async () => {
    const { surroundings } = surroundingsOf();
    const drawn = { side: 32, data: new Float32Array(3 * 32 * 32) };
    const cancelled = quietContext(AbortSignal.abort());
    await expect(
      textureFrom(surroundings, drawn, { seed: 3, variation: 0, isFilled: false }, cancelled),
    ).rejects.toThrow("abort");
  });
});
