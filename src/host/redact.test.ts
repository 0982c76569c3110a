import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact } from "./redact.js";

const word = fc.stringMatching(/^[a-zäß\u4e00-\u4e20]{4,9}$/);
const name = fc
  .tuple(
    fc.array(word, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("png", "JPG", "tiff", "webp"),
  )
  .map(([words, extension]) => ({ words, text: `${words.join(" ")}.${extension}` }));
const folder = fc.constantFrom("/home/", "C:\\Users\\", "\\\\server\\", "~/", "file:///", "d:/");

describe("redacted lines", () => {
  it("hold no word of a file's name, wherever the name stands", () => {
    fc.assert(
      fc.property(name, ({ words, text }) => {
        const line = redact(`Expected a picture but ${text} is none of these`);
        for (const part of words) expect(line).not.toContain(part);
      }),
    );
  });

  it("hold no word of a path, of any system", () => {
    fc.assert(
      fc.property(folder, fc.array(word, { minLength: 1, maxLength: 4 }), (start, words) => {
        const line = redact(`Expected to write "${start}${words.join("/")}" but the disk is full`);
        for (const part of words) expect(line).not.toContain(part);
      }),
    );
  });

  it("keep what is neither", () => {
    const line = "engine process 4711 started (version 1.2.3), 12 of 14 done";
    expect(redact(line)).toBe(line);
  });
});
