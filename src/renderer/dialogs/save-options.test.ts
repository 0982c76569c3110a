import { describe, expect, it } from "vitest";
import { documentInfo } from "../../../test/fixtures/screen-data.js";
import { defaultFormat, saveNote, usesQuality } from "./save-options.js";

describe("save options", () => {
  it("offers the format that the picture came in, or a lossless one", () => {
    expect(defaultFormat(documentInfo({ format: "webp" }))).toBe("webp");
    expect(defaultFormat(documentInfo({ format: "gif" }))).toBe("png");
  });

  it("warns of what a format takes away", () => {
    expect(saveNote("jpeg", documentInfo({ hasAlpha: true, channels: 4 }))).toContain("transparen");
    expect(saveNote("webp", documentInfo({ depth: 16 }))).toContain("8 bits");
    expect(saveNote("tiff", documentInfo({ depth: 16 }))).toBeNull();
    expect(saveNote("jpeg", documentInfo())).toBeNull();
  });

  it("asks for a quality only where it matters", () => {
    expect((["png", "tiff", "jpeg"] as const).map(usesQuality)).toEqual([false, false, true]);
  });
});
