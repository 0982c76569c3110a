import { describe, expect, it } from "vitest";
import { createRaster } from "../core/raster.js";
import { modelIdSchema } from "../shared/ids.js";
import { countCores, inferenceThreads } from "./device/threads.js";
import { passFactors } from "./edit/native-change.js";
import { uprightExif, uprightXmp } from "./files/metadata.js";
import { endsEarly, nameForeignFormat, sniffFormat } from "./files/sniff.js";
import { labelOf, recipeOf, recipeStepOf } from "./recipes.js";
import { exportName } from "./store/export-name.js";

describe("threads of inference", () => {
  it("are the physical cores, or what a person asks for", () => {
    const cpuinfo = [0, 0, 1, 1].map((core) => `processor: x\ncore id\t: ${core}`).join("\n\n");
    expect(countCores(cpuinfo)).toBe(2);
    expect(countCores("nothing")).toBeNull();
    expect(inferenceThreads({ SPECTRAL_THREADS: "3" })).toBe(3);
    for (const bad of ["0", "-1", "many", ""]) {
      expect(inferenceThreads({ SPECTRAL_THREADS: bad })).toBeGreaterThanOrEqual(1);
    }
  });
});

describe("enlarging in passes", () => {
  it("multiplies to the factor, each pass within what the model can do", () => {
    for (let factor = 2; factor <= 1024; factor *= 2) {
      for (const largest of [2, 8, 16]) {
        const passes = passFactors(factor, largest);
        expect(passes.reduce((a, b) => a * b, 1)).toBe(factor);
        expect(Math.max(...passes)).toBeLessThanOrEqual(largest);
      }
    }
  });
});

describe("sniffing", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  it("goes by content", () => {
    expect(sniffFormat(text("GIF89a..."))).toBe("gif");
    expect(sniffFormat(text("RIFF....WEBPVP8 "))).toBe("webp");
    expect(sniffFormat(text("\0\0\0\u001cftypavif\0\0\0\0avifmif1miaf"))).toBe("avif");
    expect(sniffFormat(text("\0\0\0\u0018ftypheic\0\0\0\0mif1heic"))).toBeNull();
    expect(sniffFormat(new Uint8Array(0))).toBeNull();
  });

  it("names formats that are not ours", () => {
    expect(nameForeignFormat(text("\0\0\0\u0018ftypheic\0\0\0\0mif1heic"))).toBe("HEIC");
    expect(nameForeignFormat(text("%PDF-1.7"))).toBe("PDF");
    expect(nameForeignFormat(text("<svg xmlns="))).toMatch(/SVG/);
    expect(nameForeignFormat(text("hello"))).toBeNull();
  });

  it("knows a file that ends early by its structure", () => {
    expect(endsEarly("jpeg", Uint8Array.of(0xff, 0xd8, 0xff, 1, 2))).toBe(true);
    expect(endsEarly("jpeg", Uint8Array.of(0xff, 0xd8, 0xff, 0xff, 0xd9, 0, 0))).toBe(false);
    expect(endsEarly("avif", text("\0\0\0\u0010ftypavif...."))).toBe(false);
    expect(endsEarly("avif", text("\0\0\0\u0010ftypavif....\0\0\u0001\0mdat"))).toBe(true);
  });
});

describe("orientation", () => {
  it("is reset in EXIF of either byte order, and damaged EXIF is left alone", () => {
    for (const isLittle of [true, false]) {
      const bytes = new Uint8Array(26);
      const view = new DataView(bytes.buffer);
      bytes.fill(isLittle ? 0x49 : 0x4d, 0, 2);
      view.setUint16(2, 42, isLittle);
      view.setUint32(4, 8, isLittle);
      view.setUint16(8, 1, isLittle);
      view.setUint16(10, 0x0112, isLittle);
      view.setUint16(12, 3, isLittle);
      view.setUint32(14, 1, isLittle);
      view.setUint16(18, 6, isLittle);
      const upright = uprightExif(
        Uint8Array.from([...new TextEncoder().encode("Exif\0\0"), ...bytes]),
      );
      expect(upright).toHaveLength(26);
      expect(new DataView(upright.buffer).getUint16(18, isLittle)).toBe(1);
    }
    const odd = Uint8Array.from({ length: 30 }, (_, i) => 200 - i);
    expect([...uprightExif(odd)]).toEqual([...odd]);
  });

  it("is reset in XMP, as attribute and as element", () => {
    expect(uprightXmp('<a tiff:Orientation="6"/>')).toBe('<a tiff:Orientation="1"/>');
    expect(uprightXmp("<tiff:Orientation>8</tiff:Orientation>")).toContain(">1<");
  });
});

describe("what is left of a job", () => {
  const request = {
    kind: "generate" as const,
    modelId: modelIdSchema.parse("m"),
    prompt: " a dog ",
    negativePrompt: "",
    seed: 4,
    guidance: 2,
    temperature: 1,
    topK: 0,
    topP: 1,
  };

  it("is its label and its recipe", () => {
    expect(labelOf(request)).toBe("Generate: a dog");
    expect(recipeStepOf(request)).toEqual({ request, madeBy: null });
    expect(recipeOf([], null, createRaster(1, 1, 3, 8))).toBeNull();
  });

  it("keeps a document's name and changes its extension", () => {
    expect(exportName("holiday.photo.jpg", "png")).toBe("holiday.photo.png");
    expect(exportName(".png", "png")).toBe(".png.png");
    expect(exportName("x".repeat(255), "webp")).toHaveLength(255);
  });
});
