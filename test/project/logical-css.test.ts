import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = join(import.meta.dirname, "../../src/renderer");

/** What is laid over a picture has the picture's coordinates, whichever way the language is written. */
const IN_PICTURE =
  /^(?:canvas|view)\/|(?:Frame|PreviewPair|UpscalePreviewBox|StageOverlays|SplitHandle)\.svelte$/;
const PHYSICAL =
  /^\s*(?:(?:margin|padding|border)-(?:left|right)\b|(?:left|right):(?! 50%)|text-align: (?:left|right)|float:)/;

const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /\.(?:svelte|css)$/.test(path) && !IN_PICTURE.test(path));

describe("styles", () => {
  it("say start and end instead of left and right, so that the page can be mirrored", () => {
    expect(files.length).toBeGreaterThan(40);
    const physical = files.flatMap((path) =>
      readFileSync(join(folder, path), "utf8")
        .split("\n")
        .filter((line) => PHYSICAL.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(physical).toEqual([]);
  });
});
