import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { AppError } from "../../src/core/errors.js";
import { createRaster, cropRaster, rastersEqual, type Raster } from "../../src/core/raster.js";
import { rectOfSize } from "../../src/core/rect.js";
import { findBlockMismatch } from "../../src/core/verify.js";
import { Pace, type EnlargingNetwork, type Planes } from "../../src/engine/bundle/enlarger.js";
import { Model } from "../../src/engine/bundle/model.js";
import { readPicture } from "../../src/engine/index.js";
import type { LoadedModel } from "../../src/engine/jobs/prompts.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { chooseMethod } from "../../src/engine/upscale/choose-method.js";
import { RasterSink } from "../../src/engine/upscale/row-sink.js";
import { upscaleWindow, type UpscaleMethod } from "../../src/engine/upscale/upscale-window.js";
import type { UpscaleSpeed } from "../../src/shared/models.js";
import { openModel, openUpscalers, type Upscalers } from "./debug-bundle.js";
import { quietContext } from "./pictures.js";

/** Ways to enlarge; the shipped networks for 8-bit pictures compute in 8 bits. */
let loaded: Upscalers & { readonly shipped: LoadedModel };
const pictures: Record<string, Raster> = {};
/** Grey levels of pictures that show every seam, or hide it. */
const makers: Record<string, () => Raster | Promise<Raster>> = {
  flat: () => grey(() => 100),
  gradient: () => grey((x, y) => 30 + (x + y) / 2),
  noise: () => {
    let state = 1;
    return grey(() => (state = (state * 48_271) % 2_147_483_647) % 256);
  },
  photo: async () => {
    const path = new URL("../../assets/samples/wren-512x512.jpg", import.meta.url);
    const photo = await readPicture(await readFile(path), "wren");
    return cropRaster(photo.raster, { x: 120, y: 150, width: 240, height: 200 });
  },
};

function grey(level: (x: number, y: number) => number): Raster {
  const [width, height] = [180, 150];
  const levels = Uint8Array.from({ length: width * height }, (_, i) =>
    level(i % width, Math.floor(i / width)),
  );
  return createRaster(width, height, 1, 8, levels);
}

beforeAll(async () => {
  const shipped = await openModel(join("models", "studio-128"));
  loaded = {
    ...(await openUpscalers()),
    shipped: { model: shipped, prompts: new PromptEncoder(shipped) },
  };
  for (const [name, make] of Object.entries(makers)) pictures[name] = await make();
});

/** The first run is over 96 x 96 pixels; memory decides about the others. */
const memories = { small: 90e6, middle: 300e6, large: 8e9 };

/** Upscales with tiles as memory allows; notes the sides of the tiles' inputs. */
async function upscale(
  raster: Raster,
  by: keyof typeof loaded,
  freeBytes: number,
  onTile: (planes: Planes) => void = () => undefined,
  speed: UpscaleSpeed = "fast",
): Promise<Raster> {
  const request = { factor: 2 as const, speed, creativity: 0, prompt: "", seed: 1, guidance: 1 };
  const context = quietContext();
  const chosen = await chooseMethod(loaded[by], request, 2, context, raster.depth);
  const method: UpscaleMethod = {
    ...chosen,
    enlarger: chosen.enlarger && watched(chosen.enlarger, onTile),
  };
  const { width, height, channels, depth } = raster;
  const sink = new RasterSink({ width: width * 2, height: height * 2, channels, depth });
  await upscaleWindow({ raster, window: rectOfSize(width, height) }, method, sink, {
    pause: async () => undefined,
    // No time passes: tiles are as large as memory allows.
    clock: () => 0,
    freeBytes,
    onDone: () => undefined,
  });
  return sink.raster;
}

/** A real network whose runs can be seen, and refused. */
function watched(real: EnlargingNetwork, onTile: (planes: Planes) => void): EnlargingNetwork {
  return {
    network: real.network,
    views: real.views,
    pace: new Pace(),
    ready: () => real.ready(),
    run: async (planes, between) => {
      onTile(planes);
      return real.run(planes, between);
    },
  };
}

/**
 * Mean jump between neighbouring columns at given places, divided by that over all columns: above 1
 * means that those places can be seen.
 */
function seamIndex({ width, height, channels, data }: Raster, borders: readonly number[]): number {
  const jump = (x: number) => {
    let sum = 0;
    for (let y = 0; y < height; y++) {
      for (let channel = 0; channel < channels; channel++) {
        const at = (y * width + x) * channels + channel;
        sum += Math.abs(data[at]! - data[at - channels]!);
      }
    }
    return sum;
  };
  const mean = (places: readonly number[]) =>
    places.reduce((sum, x) => sum + jump(x), 0) / places.length;
  // Every second column only, as borders are: the network treats even and odd columns differently.
  const all = Array.from({ length: width / 2 - 1 }, (_, i) => 2 * i + 2);
  const usual = mean(all);
  return usual === 0 ? 1 : mean(borders) / usual;
}

function psnr(a: Raster, b: Raster): number {
  let sum = 0;
  a.data.forEach((value, i) => (sum += (value - b.data[i]!) ** 2));
  return -10 * Math.log10(Math.max(sum / a.data.length, 1e-9) / 255 ** 2);
}

describe.each(Object.keys(makers))("tiles of a picture of %s", (name) => {
  it.each(["network", "shipped"] as const)("leave no trace, bit for bit: %s", async (by) => {
    const found: Raster[] = [];
    const tiles: number[] = [];
    for (const freeBytes of Object.values(memories)) {
      let count = 0;
      found.push(await upscale(pictures[name]!, by, freeBytes, () => count++));
      tiles.push(count);
    }
    if (name !== "flat") expect(tiles[0]).toBeGreaterThan(tiles[2]!);
    for (const picture of found.slice(1)) {
      expect(rastersEqual(picture, found[0]!)).toBe(true);
      expect(psnr(picture, found[0]!)).toBeGreaterThan(55);
    }
    expect(findBlockMismatch(found[0]!, pictures[name]!, 2)).toBeNull();
  });
});

describe("the mean of eight views", () => {
  it("leaves no trace of tiles either, and is another picture", async () => {
    const source = pictures["photo"]!;
    const [small, large] = [memories.small, memories.large];
    const finest = await upscale(source, "shipped", small, undefined, "finest");
    expect(rastersEqual(finest, await upscale(source, "shipped", large, undefined, "finest"))).toBe(
      true,
    );
    const best = await upscale(source, "shipped", large, undefined, "best");
    expect(rastersEqual(finest, best)).toBe(false);
    expect(psnr(finest, best)).toBeGreaterThan(35);
    expect(findBlockMismatch(finest, source, 2)).toBeNull();
  });
});

describe("the decoder's overlapping tiles", () => {
  it.each(Object.keys(makers))(
    "are no more to be seen than what lies inside of them: %s",
    async (name) => {
      const big = await upscale(pictures[name]!, "decoder", memories.large);
      // Tiles of 16 pixels that overlap by 4 begin every 12: every 24 columns of the result.
      const index = (offset: number) =>
        seamIndex(
          big,
          Array.from({ length: Math.floor(big.width / 24) - 1 }, (_, i) => 24 * (i + 1) + offset),
        );
      const inside = Array.from({ length: 11 }, (_, i) => index(2 * i + 2));
      expect(index(0)).toBeLessThanOrEqual(1.01 * Math.max(...inside));
    },
  );
});

describe("networks in 8 bits", () => {
  it("are taken for pictures of 8 bits on the CPU, and nowhere else", () => {
    const { model } = loaded.shipped;
    const precision = (on: Model, depth: 8 | 16) =>
      on.enlarger(2, "best", depth)?.network.precision;
    expect(precision(model, 8)).toBe("int8");
    expect(precision(model, 16)).toBe("fp32");
    expect(precision(new Model(model.bundle, "webgpu"), 8)).toBe("fp32");
  });
});

describe("too little memory", () => {
  it("makes tiles smaller instead of ending the job, with the same result", async () => {
    const photo = pictures["photo"]!;
    const whole = await upscale(photo, "network", memories.large);
    const areas: number[] = [];
    const short = await upscale(photo, "network", memories.large, ({ width, height }) => {
      areas.push(width * height);
      if (width * height > 3_000) throw new AppError("OUT_OF_MEMORY", "Expected more memory.");
    });
    expect(rastersEqual(short, whole)).toBe(true);
    // Once it is known, larger tiles are hardly tried any more.
    expect(areas.filter((area) => area > 3_000).length).toBeLessThan(12);
  });

  it("ends the job where the smallest tiles do not fit either", async () => {
    const never = upscale(pictures["noise"]!, "network", memories.large, () => {
      throw new RangeError("Array buffer allocation failed");
    });
    await expect(never).rejects.toThrow(/allocation failed/);
  });
});
