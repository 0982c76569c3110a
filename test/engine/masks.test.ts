import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maskAlphaIn } from "../../src/core/mask/mask.js";
import { packMask, unpackMask } from "../../src/core/mask/packed-mask.js";
import { createEngine, type Engine } from "../../src/engine/index.js";
import { documentIdSchema } from "../../src/shared/ids.js";

const WIDTH = 40;
const HEIGHT = 30;
const whole = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
let engine: Engine;
let sessionDir: string;

beforeAll(async () => {
  sessionDir = await mkdtemp(join(tmpdir(), "spectral-masks-"));
  engine = await createEngine({ modelsDir: join(sessionDir, "none"), sessionDir });
});
afterAll(async () => {
  await engine.dispose();
  await rm(sessionDir, { recursive: true });
});

/** A red picture with a blue left half; its alpha, if it has one, is 0 in the first ten rows. */
async function picture(channels: 3 | 4, depth: "uchar" | "ushort" = "uchar"): Promise<Uint8Array> {
  const max = depth === "uchar" ? 255 : 65_535;
  const make = depth === "uchar" ? Uint8Array : Uint16Array;
  const data = new make(WIDTH * HEIGHT * channels);
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const colour = i % WIDTH < WIDTH / 2 ? [0, 0, max] : [max, 0, 0];
    data.set(channels === 4 ? [...colour, i < 10 * WIDTH ? 0 : max] : colour, i * channels);
  }
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels } })
    .png()
    .toBuffer();
}

async function open(bytes: Uint8Array) {
  const info = await engine.api.openDocument({ name: "picture.png", bytes });
  return { documentId: info.documentId, revision: info.revision };
}

describe("masks that the engine makes", () => {
  it("are pixels of like colour, at 8 and at 16 bits", async () => {
    for (const depth of ["uchar", "ushort"] as const) {
      const document = await open(await picture(3, depth));
      const choice = { x: 30, y: 5, tolerance: 10, contiguous: true };
      const { rect } = unpackMask(await engine.api.selectByColour({ ...document, ...choice }));
      expect(rect).toEqual({ x: 20, y: 0, width: 20, height: 30 });
    }
  });

  it("are a picture's alpha, or a reason why there is none", async () => {
    const cutOut = await open(await picture(4));
    const mask = unpackMask(await engine.api.readAlphaMask(cutOut));
    const alpha = maskAlphaIn(mask, whole);
    expect([alpha[5 * WIDTH], alpha[15 * WIDTH]]).toEqual([0, 255]);
    const opaque = await open(await picture(3));
    await expect(engine.api.readAlphaMask(opaque)).rejects.toMatchObject({ code: "MASK_EMPTY" });
  });

  it("go into a file and come back from it", async () => {
    const document = await open(await picture(3));
    const mask = { rect: { x: 5, y: 6, width: 3, height: 2 }, alpha: new Uint8Array(6).fill(130) };
    const size = { width: WIDTH, height: HEIGHT };
    const { bytes } = await engine.api.writeMaskFile({ ...size, mask: packMask(mask) });
    const read = unpackMask(
      await engine.api.readMaskFile({ ...document, name: "mask.png", bytes }),
    );
    expect(maskAlphaIn(read, whole)).toEqual(maskAlphaIn(mask, whole));
  });

  it("are refused with a reason when they do not fit", async () => {
    const document = await open(await picture(3));
    const small = await sharp({
      create: { width: 9, height: 9, channels: 3, background: "white" },
    })
      .png()
      .toBuffer();
    const { api } = engine;
    await expect(
      api.readMaskFile({ ...document, name: "small.png", bytes: small }),
    ).rejects.toMatchObject({ code: "MASK_SIZE_MISMATCH" });
    await expect(
      api.readMaskFile({ ...document, name: "note.txt", bytes: Buffer.from("no picture") }),
    ).rejects.toMatchObject({ code: "FILE_NOT_AN_IMAGE" });
    await expect(
      api.selectByColour({ ...document, x: WIDTH, y: 0, tolerance: 0, contiguous: false }),
    ).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    const unknown = { documentId: documentIdSchema.parse("d-none"), revision: 0 };
    await expect(api.readAlphaMask(unknown)).rejects.toMatchObject({ code: "DOCUMENT_UNKNOWN" });
    const outside = { rect: { x: 35, y: 0, width: 9, height: 1 }, runs: Uint8Array.of(255, 9) };
    await expect(
      api.writeMaskFile({ width: WIDTH, height: HEIGHT, mask: outside }),
    ).rejects.toMatchObject({ code: "MASK_INVALID" });
  });
});
