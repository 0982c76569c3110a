import { describe, expect, it } from "vitest";
import { documentInfo } from "../../../test/fixtures/screen-data.js";
import {
  defaultFormat,
  fileName,
  printSize,
  savedDepth,
  saveNote,
  usesQuality,
} from "./save-options.js";

describe("save options", () => {
  it("offers the format that the picture came in, or a lossless one", () => {
    expect(defaultFormat(documentInfo({ format: "webp" }))).toBe("webp");
    expect(defaultFormat(documentInfo({ format: "gif" }))).toBe("png");
    expect(defaultFormat(documentInfo({ format: "ora" }))).toBe("ora");
  });

  it("warns of what a format takes away", () => {
    expect(saveNote("jpeg", documentInfo({ hasAlpha: true, channels: 4 }))).toContain("transparen");
    expect(saveNote("webp", documentInfo({ depth: 16 }))).toContain("8 bits");
    expect(saveNote("tiff", documentInfo({ depth: 16 }))).toBeNull();
    expect(saveNote("jpeg", documentInfo())).toBeNull();
    expect(saveNote("ora", documentInfo({ depth: 16 }))).toContain("history");
  });

  it("asks for a quality only where it matters", () => {
    expect((["png", "tiff", "jpeg"] as const).map(usesQuality)).toEqual([false, false, true]);
  });
});

describe("what the dialog says of the file", () => {
  it("names it with the format's own extension", () => {
    expect(fileName("holiday.photo.JPG", "png")).toBe("holiday.photo.png");
    expect(fileName("holiday.2026", "jpeg")).toBe("holiday.2026.jpg");
    expect(fileName("  ", "tiff")).toBe("Untitled.tiff");
    expect(fileName("holiday.ora", "png")).toBe("holiday.png");
    expect(fileName("holiday.jpg", "ora")).toBe("holiday.ora");
  });

  it("tells how many bits remain and how large it prints", () => {
    const info = documentInfo({ depth: 16, width: 3000, height: 2000 });
    expect(savedDepth("tiff", info)).toBe(16);
    expect(savedDepth("avif", info)).toBe(8);
    expect(savedDepth("ora", info)).toBe(16);
    expect(printSize(info, 300).map((length) => length.toFixed(2))).toEqual([
      "25.40",
      "16.93",
      "10.00",
      "6.67",
    ]);
  });
});
