import { readFile } from "node:fs/promises";
import { crc32, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { AppError } from "../../core/errors.js";
import { readFileBytes } from "./read-bytes.js";
import { readMask } from "./read-mask.js";
import { readPicture } from "./read-picture.js";
import { sharp } from "./sharp.js";

const samples = new URL("../../../assets/samples/", import.meta.url);
const sample = (name: string) => readFile(new URL(name, samples));

/** A small opaque picture with structure. */
const rgb = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 37 + (i >> 3)) % 256);
const picture = () => sharp(rgb, { raw: { width: 40, height: 30, channels: 3 } });

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  const { code, message } = error as AppError;
  expect(message).toMatch(/^Expected .*(;|\.) ?.*/);
  return code;
}

describe("reading a picture", () => {
  it.each([
    ["flowers-96x64.jpg", "jpeg", 96, 64, 3],
    ["colosseum-greyscale-1200x800.jpg", "jpeg", 1200, 800, 1],
    ["planet-alpha-1200x500.png", "png", 1200, 500, 4],
    ["otter-1024x683.webp", "webp", 1024, 683, 3],
    ["lake-progressive-1600x1067.jpg", "jpeg", 1600, 1067, 3],
  ])("opens %s as it is", async (name, format, width, height, channels) => {
    const { raster, ...rest } = await readPicture(await sample(name), name);
    expect(rest.format).toBe(format);
    expect(raster).toMatchObject({ width, height, channels, depth: 8 });
  });

  it("applies EXIF orientation and then says that the picture is upright", async () => {
    const name = "osprey-exif-orientation6-900x1200.jpg";
    const { raster, metadata } = await readPicture(await sample(name), name);
    expect(raster).toMatchObject({ width: 900, height: 1200 });
    const { exif } = metadata;
    expect(exif).not.toBeNull();
    const view = new DataView(exif!.buffer);
    const isLittle = exif![0] === 0x49;
    const count = view.getUint16(8, isLittle);
    const orientations = Array.from({ length: count }, (_, i) => 10 + i * 12)
      .filter((at) => view.getUint16(at, isLittle) === 0x0112)
      .map((at) => view.getUint16(at + 8, isLittle));
    expect(orientations).toEqual([1]);
  });

  it("keeps samples in the picture's own colours and its profile beside them", async () => {
    const name = "spices-display-p3-1024x1024.jpg";
    const bytes = await sample(name);
    const { raster, metadata } = await readPicture(bytes, name);
    const plain = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(Buffer.compare(Buffer.from(raster.data), plain)).toBe(0);
    expect(metadata.icc?.byteLength).toBeGreaterThan(100);
  });

  it("keeps every 16-bit sample, grey and alpha included", async () => {
    for (const channels of [1, 2, 3, 4] as const) {
      const data = Uint16Array.from({ length: 9 * 7 * channels }, (_, i) => (i * 9_777) % 65_536);
      for (const format of ["png", "tiff"] as const) {
        const bytes = await sharp(data, { raw: { width: 9, height: 7, channels } })
          .toColourspace(channels < 3 ? "grey16" : "rgb16")
          .toFormat(format, format === "tiff" ? { compression: "deflate" } : {})
          .toBuffer();
        const { raster } = await readPicture(bytes, "a");
        expect(raster).toMatchObject({ channels, depth: 16 });
        expect(Buffer.compare(Buffer.from(raster.data.buffer), Buffer.from(data.buffer))).toBe(0);
      }
    }
  });

  it("opens the first frame of an animation only when asked to", async () => {
    const both = Uint8Array.from([...rgb, ...rgb.toReversed()]);
    const raw = { width: 40, height: 60, channels: 3 as const, pageHeight: 30 };
    const frames = await sharp(both, { raw }).gif().toBuffer();
    expect(await codeOf(readPicture(frames, "a.gif"))).toBe("IMAGE_ANIMATED");
    const { raster } = await readPicture(frames, "a.gif", { frame: "first" });
    expect(raster).toMatchObject({ width: 40, height: 30 });
  });

  it("refuses what it cannot open, each time with its own code", async () => {
    const empty = new Uint8Array(0);
    expect(await codeOf(readPicture(empty, "a.png"))).toBe("FILE_EMPTY");
    const text = new TextEncoder().encode("not a picture, whatever its name says");
    expect(await codeOf(readPicture(text, "a.png"))).toBe("FILE_NOT_AN_IMAGE");
    const cmyk = await picture().toColourspace("cmyk").jpeg().toBuffer();
    expect(await codeOf(readPicture(cmyk, "a.jpg"))).toBe("IMAGE_UNSUPPORTED_COLOUR");
    expect(await codeOf(readPicture(hugePngHeader(30_000, 30_000), "a.png"))).toBe(
      "IMAGE_TOO_LARGE",
    );
    expect(await codeOf(readPicture(hugePngHeader(70_000, 1), "a.png"))).toBe("IMAGE_TOO_LARGE");
  });

  it.each(["png", "jpeg", "webp", "avif", "tiff", "gif"] as const)(
    "refuses a %s that ends early, wherever it was cut",
    async (format) => {
      const whole = await picture().toFormat(format).toBuffer();
      for (const share of [0.02, 0.3, 0.6, 0.9]) {
        const cut = whole.subarray(0, Math.max(16, Math.floor(whole.length * share)));
        expect(await codeOf(readPicture(cut, "cut"))).toMatch(/FILE_TRUNCATED|IMAGE_DAMAGED/);
      }
    },
  );

  it("never crashes on damaged bytes: it opens them or says what is wrong", async () => {
    const whole = await picture().png().toBuffer();
    for (let i = 0; i < 60; i++) {
      const copy = Uint8Array.from(whole);
      const at = 8 + ((i * 7_919) % (copy.length - 8));
      copy[at] = (copy[at]! + 1 + i) % 256;
      const outcome = await readPicture(copy, "bent.png").catch((error: unknown) => error);
      expect(outcome instanceof AppError || typeof outcome === "object").toBe(true);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(AppError);
    }
  });
});

describe("reading a file", () => {
  it("tells a missing file, a folder and an empty file apart", async () => {
    expect(await codeOf(readFileBytes("/no/such/picture.png"))).toBe("FILE_NOT_FOUND");
    expect(await codeOf(readFileBytes(new URL(".", samples).pathname))).toBe("FILE_UNREADABLE");
    expect(await codeOf(readFileBytes("/dev/null"))).toBe("FILE_UNREADABLE");
  });
});

describe("reading a mask", () => {
  const grey = (values: number[]) =>
    sharp(Uint8Array.from(values), { raw: { width: 2, height: 2, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();

  it("takes white as free", async () => {
    const mask = await readMask(await grey([0, 255, 0, 128]), "m.png", 2, 2);
    expect([...mask.alpha]).toEqual([0, 255, 0, 128]);
  });

  it("takes alpha instead where alpha varies", async () => {
    const rgba = Uint8Array.from([9, 9, 9, 0, 9, 9, 9, 255, 9, 9, 9, 0, 9, 9, 9, 0]);
    const bytes = await sharp(rgba, { raw: { width: 2, height: 2, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await readMask(bytes, "m.png", 2, 2)).alpha]).toEqual([0, 255, 0, 0]);
  });

  it("refuses another size and an empty mask", async () => {
    expect(await codeOf(readMask(await grey([0, 0, 0, 9]), "m.png", 3, 2))).toBe(
      "MASK_SIZE_MISMATCH",
    );
    expect(await codeOf(readMask(await grey([0, 0, 0, 0]), "m.png", 2, 2))).toBe("MASK_EMPTY");
  });
});

/** Only a header, as a bomb would have: the size is refused before any pixel is looked for. */
function hugePngHeader(width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = 2;
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  const pixels = deflateSync(Buffer.alloc(100));
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
