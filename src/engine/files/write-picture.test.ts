import fc from "fast-check";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createRaster, rastersEqual, type ChannelCount } from "../../core/raster.js";
import { arbitraryRaster } from "../../core/testing/arbitraries.js";
import { EXPORT_FORMATS } from "../../shared/documents.js";
import { NO_METADATA, type PictureMetadata } from "./metadata.js";
import { readPicture } from "./read-picture.js";
import type { Recipe } from "./recipe.js";
import { sharp } from "./sharp.js";
import { writePicture } from "./write-picture.js";

const samples = new URL("../../../assets/samples/", import.meta.url);
const plain = { quality: 90, metadata: NO_METADATA, recipe: null };

const recipe: Recipe = {
  format: "spectral-recipe",
  version: 1,
  software: "Spectral Studio",
  source: null,
  result: { width: 24, height: 18, channels: 3, depth: 8, sha256: "0".repeat(64) },
  steps: [
    {
      request: {
        kind: "edit",
        modelId: "studio-128",
        seed: 7,
        prompt: 'a <red> & "blue" $& balloon, ballon d’été',
        guidance: 2,
      },
      madeBy: null,
    },
  ],
};

async function richMetadata(): Promise<PictureMetadata> {
  const icc = await readPicture(
    await readFile(new URL("spices-display-p3-1024x1024.jpg", samples)),
    "a",
  );
  const exif = await readPicture(
    await readFile(new URL("osprey-exif-orientation6-900x1200.jpg", samples)),
    "b",
  );
  return {
    icc: icc.metadata.icc,
    exif: exif.metadata.exif,
    xmp: '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="me"/></rdf:RDF></x:xmpmeta>',
  };
}

describe("writing a picture", () => {
  it.each(["png", "tiff"] as const)("gives back every sample from %s", async (format) => {
    const metadata = await richMetadata();
    await fc.assert(
      fc.asyncProperty(arbitraryRaster(), fc.boolean(), async (raster, isDescribed) => {
        const options = isDescribed ? { metadata, recipe } : {};
        const bytes = await writePicture(raster, { ...plain, ...options, format });
        expect(rastersEqual((await readPicture(bytes, "a")).raster, raster)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it.each(["webp", "avif"] as const)("loses nothing in %s at quality 100", async (format) => {
    for (const channels of [3, 4] as const) {
      const raster = noise(channels);
      const bytes = await writePicture(raster, { ...plain, format, quality: 100 });
      expect(rastersEqual((await readPicture(bytes, "a")).raster, raster)).toBe(true);
    }
  });

  it.each(EXPORT_FORMATS)("keeps profile, XMP and recipe in %s", async (format) => {
    const metadata = await richMetadata();
    const bytes = await writePicture(noise(3), { ...plain, format, metadata, recipe });
    const header = await sharp(bytes).metadata();
    expect(header.icc?.equals(metadata.icc!)).toBe(true);
    expect(header.xmp?.toString()).toContain('dc:creator="me"');
    expect(header.xmp?.toString()).toContain("ballon d’été");
    // libvips writes no EXIF into TIFF.
    if (format !== "tiff") expect(header.exif?.byteLength).toBeGreaterThan(50);
    expect(header.orientation ?? 1).toBe(1);
  });

  it("writes the prompt as PNG text for other galleries", async () => {
    const bytes = await writePicture(noise(3), { ...plain, format: "png", recipe });
    expect(Buffer.from(bytes).includes("parameters")).toBe(true);
    expect(Buffer.from(bytes).includes("Seed: 7")).toBe(true);
  });

  it("replaces an earlier recipe instead of adding a second one", async () => {
    const first = await writePicture(noise(3), { ...plain, format: "png", recipe });
    const { metadata } = await readPicture(first, "a");
    const second = await writePicture(noise(3), { ...plain, metadata, format: "png", recipe });
    const xmp = (await readPicture(second, "a")).metadata.xmp ?? "";
    expect(xmp.split("<spectral:recipe>")).toHaveLength(2);
  });

  it("writes nothing about the picture when told so", async () => {
    const bytes = await writePicture(noise(3), { ...plain, format: "jpeg" });
    const { icc, exif, xmp } = await sharp(bytes).metadata();
    expect([icc, exif, xmp]).toEqual([undefined, undefined, undefined]);
  });

  it("writes 16 bits, grey and alpha to formats that have none of them", async () => {
    for (const channels of [1, 2, 3, 4] as const) {
      const data = new Uint16Array(8 * 8 * channels).fill(0x8000);
      const raster = createRaster(8, 8, channels, 16, data);
      for (const format of ["jpeg", "webp", "avif"] as const) {
        const bytes = await writePicture(raster, { ...plain, format });
        const read = await readPicture(bytes, "a");
        expect(read.raster).toMatchObject({ width: 8, height: 8, depth: 8 });
        const first = read.raster.data[0] ?? 0;
        const overWhite = channels % 2 === 0 && format === "jpeg" ? 191 : 128;
        expect(Math.abs(first - overWhite)).toBeLessThanOrEqual(3);
      }
    }
  });

  it("refuses a side that the format cannot hold", async () => {
    const wide = createRaster(17_000, 1, 1, 8);
    await expect(writePicture(wide, { ...plain, format: "webp" })).rejects.toMatchObject({
      code: "TARGET_FORMAT_UNSUPPORTED",
    });
  });
});

function noise(channels: ChannelCount) {
  const data = Uint8Array.from({ length: 24 * 18 * channels }, (_, i) => (i * 7919) % 251);
  return createRaster(24, 18, channels, 8, data);
}
