import { describe, expect, it } from "vitest";
import { createRaster } from "../raster.js";
import { borrowTexture, DRAWN, FILLED, type BorrowedTexture } from "./borrow-texture.js";
import { mixTexture, type PlacedTexture } from "./texture-detail.js";
import { halveWindow, PixelRole, type TextureWindow } from "./texture-window.js";

/** A seeded generator, good enough for tests. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function run(window: TextureWindow, seed = 1, way = DRAWN): BorrowedTexture | null {
  const work = borrowTexture(window, randomFrom(seed), way);
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}

const SIDE = 64;

/** Stripes, with a flat square in the middle that was drawn; `level` is the square's grey. */
function stripesWithHole(level: number): TextureWindow {
  const colours = new Float32Array(3 * SIDE * SIDE);
  const roles = new Uint8Array(SIDE * SIDE).fill(PixelRole.example);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const pixel = y * SIDE + x;
      const isHole = Math.abs(x - 32) < 10 && Math.abs(y - 32) < 10;
      if (isHole) roles[pixel] = PixelRole.target;
      colours.fill(isHole ? level : x % 4 < 2 ? 0.3 : -0.3, 3 * pixel, 3 * pixel + 3);
    }
  }
  return { width: SIDE, height: SIDE, colours, roles };
}

describe("borrowed texture", () => {
  it("fills what was drawn flat with the texture around it", () => {
    const window = stripesWithHole(0);
    const { colours, shares } = run(window)!;
    let wrong = 0;
    for (let y = 23; y < 42; y++) {
      for (let x = 23; x < 42; x++) {
        const expected = x % 4 < 2 ? 0.3 : -0.3;
        if (Math.abs(colours[3 * (y * SIDE + x)]! - expected) > 0.1) wrong++;
        expect(shares[y * SIDE + x]).toBeCloseTo(1);
      }
    }
    expect(wrong).toBeLessThan(40);
  });

  it("continues the surroundings where something was removed, whatever was drawn there", () => {
    for (const level of [-1, 0, 1]) {
      const { colours, shares, sources } = run(stripesWithHole(level), 1, FILLED)!;
      let wrong = 0;
      for (let y = 23; y < 42; y++) {
        for (let x = 23; x < 42; x++) {
          const expected = x % 4 < 2 ? 0.3 : -0.3;
          if (Math.abs(colours[3 * (y * SIDE + x)]! - expected) > 0.1) wrong++;
          expect(shares[y * SIDE + x]).toBe(1);
          expect(sources[y * SIDE + x]).toBeGreaterThanOrEqual(0);
        }
      }
      expect(wrong).toBe(0);
    }
  });

  it("leaves every other pixel as it is and takes from examples alone", () => {
    const window = stripesWithHole(0.05);
    window.roles.fill(PixelRole.unusable, 0, 8 * SIDE);
    const { colours, shares, sources } = run(window)!;
    for (const [pixel, role] of window.roles.entries()) {
      if (role === PixelRole.target) {
        expect(window.roles[sources[pixel]!]).toBe(PixelRole.example);
        continue;
      }
      expect(colours[3 * pixel]).toBe(window.colours[3 * pixel]);
      expect(sources[pixel]).toBe(-1);
      expect(shares[pixel]).toBe(0);
    }
  });

  it("is the same for the same random numbers", () => {
    expect(run(stripesWithHole(0.1), 5)).toEqual(run(stripesWithHole(0.1), 5));
  });

  it("is not taken where nothing around is like what was drawn", () => {
    const window = stripesWithHole(0.98);
    const { shares } = run(window)!;
    expect(shares[32 * SIDE + 32]).toBe(0);
  });

  it("is null where nothing was drawn, or there is no example", () => {
    const window = stripesWithHole(0);
    const { roles } = window;
    expect(run({ ...window, roles: roles.map(() => PixelRole.example) })).toBeNull();
    expect(run({ ...window, roles: roles.map(() => PixelRole.target) })).toBeNull();
  });
});

describe("a window of half the size", () => {
  it("has means, targets of any and examples of four pixels", () => {
    const colours = Float32Array.from({ length: 24 }, (_, at) => at);
    const roles = Uint8Array.from([1, 1, 0, 1, 1, 2, 1, 1]);
    const half = halveWindow({ width: 4, height: 2, colours, roles });
    expect([...half.colours]).toEqual([7.5, 8.5, 9.5, 13.5, 14.5, 15.5]);
    expect([...half.roles]).toEqual([PixelRole.target, PixelRole.unusable]);
  });
});

describe("texture at native resolution", () => {
  const factor = 4;
  const side = 8;
  const original = createRaster(
    side * factor,
    side * factor,
    3,
    8,
    Uint8Array.from({ length: 3 * (side * factor) ** 2 }, (_, at) => (at * 7919) % 251),
  );
  /** The original's block means. */
  const colours = new Float32Array(3 * side * side);
  for (const [at, value] of original.data.entries()) {
    const [pixel, channel] = [Math.floor(at / 3), at % 3];
    const row = Math.floor(pixel / original.width / factor);
    const column = Math.floor((pixel % original.width) / factor);
    const mean = 3 * (row * side + column) + channel;
    colours[mean] = colours[mean]! + (value / 127.5 - 1) / factor ** 2;
  }
  const whole = { x: 0, y: 0, width: original.width, height: original.height };

  /** Blocks of the right half become copies of those three to the left. */
  function copied(share: number): PlacedTexture {
    const sources = new Int32Array(side * side).fill(-1);
    const wanted = colours.slice();
    for (let pixel = 0; pixel < sources.length; pixel++) {
      if (pixel % side < 4) continue;
      sources[pixel] = pixel - 3;
      for (let c = 0; c < 3; c++) wanted[3 * pixel + c] = colours[3 * (pixel - 3) + c]!;
    }
    const shares = Float32Array.from(sources, (source) => (source < 0 ? 0 : share));
    return {
      factor,
      x: 0,
      y: 0,
      seen: { width: side, height: side, colours },
      wanted,
      sources,
      shares,
    };
  }

  it("is the very pixels of the source where the coarse picture is a copy of it", () => {
    const samples = new Float32Array(original.data.length);
    mixTexture(samples, whole, original, copied(1));
    const [x, y] = [26, 13];
    for (let c = 0; c < 3; c++) {
      const source = original.data[(y * original.width + x - 3 * factor) * 3 + c]!;
      expect(samples[(y * original.width + x) * 3 + c]).toBeCloseTo(source, 2);
    }
  });

  it("leaves samples where no texture was borrowed, and mixes by its share", () => {
    const full = new Float32Array(original.data.length).fill(100);
    const half = full.slice();
    mixTexture(full, whole, original, copied(1));
    mixTexture(half, whole, original, copied(0.5));
    for (const [at, value] of half.entries()) {
      if (Math.floor(at / 3) % original.width < 4 * factor) expect(value).toBe(100);
      else expect(value).toBeCloseTo((full[at]! + 100) / 2, 2);
    }
  });

  it("is the same band by band", () => {
    const samples = new Float32Array(original.data.length);
    mixTexture(samples, whole, original, copied(1));
    const band = { ...whole, y: 8, height: 8 };
    const part = new Float32Array(3 * band.width * band.height);
    mixTexture(part, band, original, copied(1));
    expect(part).toEqual(samples.slice(3 * band.width * 8, 3 * band.width * 16));
  });
});
