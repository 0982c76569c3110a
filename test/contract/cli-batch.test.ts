import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runProgram } from "../../src/cli/run-program";
import { debugModelsDir } from "../engine/debug-bundle";
import { goodJpeg, goodPng } from "./fixtures/bad-pictures";

let folder: string;
let out: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "spectral-batch-"));
  process.env["SPECTRAL_STUDIO_CONFIG"] = join(folder, "config");
  mkdirSync(join(folder, "in/deeper"), { recursive: true });
  writeFileSync(join(folder, "in/a.png"), await goodPng(20, 12));
  writeFileSync(join(folder, "in/b.JPG"), await goodJpeg(9, 17));
  writeFileSync(join(folder, "in/c.jpg"), "no picture");
  writeFileSync(join(folder, "in/notes.txt"), "not one by its name");
  writeFileSync(join(folder, "in/deeper/d.png"), await goodPng(5, 5));
});

beforeEach(() => {
  out = join(mkdtempSync(join(folder, "out-")), "new");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function upscale(...args: string[]) {
  return upscaleUntil(() => false, ...args);
}

/** Sends what Ctrl-C sends once something was written that the caller waits for. */
async function upscaleUntil(isEnough: (text: string) => boolean, ...args: string[]) {
  const controller = new AbortController();
  let stdout = "";
  let stderr = "";
  const output = {
    stdout: {
      write: (text: string) => {
        stdout += text;
        if (isEnough(text)) controller.abort();
      },
    },
    stderr: { write: (text: string) => (stderr += text) },
  };
  const all = ["upscale", ...args, "--models", debugModelsDir, "--json"];
  const exitCode = await runProgram(all, "0.0.0", output, controller.signal);
  const lines = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { exitCode, stderr, results: lines.filter(({ type }) => type !== "progress") };
}

function verify(big: string, small: string): Promise<number> {
  const silent = { stdout: { write: () => true }, stderr: { write: () => true } };
  return runProgram(["verify", big, small], "0.0.0", silent, new AbortController().signal);
}

const written = () => readdirSync(out, { recursive: true }).map(String).sort();

test("a folder is enlarged picture by picture; a bad one is named at the end and stops no other", async () => {
  const run = await upscale(join(folder, "in"), "--out", out, "--scale", "2");
  expect(written()).toEqual(["a.png", "b.png"]);
  expect(await sharp(join(out, "b.png")).metadata()).toMatchObject({ width: 18, height: 34 });
  expect(run.results.map(({ state }) => state)).toEqual([
    "done",
    "done",
    "failed",
    undefined,
    undefined,
  ]);
  expect(run.results[3]).toMatchObject({ total: 3, done: 2, skipped: 0, failed: 1 });
  expect(run.results[4]).toMatchObject({ type: "error", code: "FILE_NOT_AN_IMAGE", exitCode: 3 });
  expect(run.exitCode).toBe(3);
});

test("a second run makes only what is missing, so an interrupted one goes on", async () => {
  const args = [join(folder, "in"), "--out", out, "--scale", "2", "--recursive"];
  await upscale(...args);
  expect(written()).toEqual(["a.png", "b.png", "deeper", "deeper/d.png"]);
  const before = statSync(join(out, "a.png")).mtimeMs;
  rmSync(join(out, "b.png"));
  const again = await upscale(...args);
  expect(again.results.map(({ state }) => state).slice(0, 4)).toEqual([
    "skipped",
    "done",
    "failed",
    "skipped",
  ]);
  expect(statSync(join(out, "a.png")).mtimeMs).toBe(before);
  const anew = await upscale(...args, "--overwrite");
  expect(anew.results.filter(({ state }) => state === "done")).toHaveLength(3);
});

test("an interrupted run keeps what is done, leaves nothing half done, and goes on", async () => {
  const args = [join(folder, "in"), "--out", out, "--scale", "4", "--recursive"];
  const isDone = (text: string) => text.includes('"state":"done"');
  const run = await upscaleUntil(isDone, ...args);
  expect(run.exitCode).toBe(130);
  expect(run.results.at(-1)).toMatchObject({ code: "JOB_CANCELLED" });
  expect(written()).toEqual(["a.png"]);
  const rest = await upscale(...args);
  expect(rest.results.slice(0, 4).map(({ state }) => state)).toEqual([
    ...["skipped", "done", "failed", "done"],
  ]);
});

test("colour profile and EXIF of every picture are kept, beside what made it", async () => {
  const pictures = join(folder, "described");
  mkdirSync(pictures, { recursive: true });
  const exif = { IFD0: { Copyright: "somebody" }, IFD3: { GPSLatitudeRef: "N" } };
  const plain = await goodPng(12, 10);
  await sharp(plain).withIccProfile("p3").withExif(exif).jpeg().toFile(join(pictures, "p.jpg"));
  const before = await sharp(join(pictures, "p.jpg")).metadata();
  for (const format of ["png", "tiff", "jpeg", "webp", "avif"]) {
    const to = join(out, format);
    const run = await upscale(pictures, "--out", to, "--scale", "2", "--format", format);
    expect(run.exitCode).toBe(0);
    const [name] = readdirSync(to);
    const after = await sharp(join(to, name!)).metadata();
    expect(after.width).toBe(24);
    expect(after.icc?.equals(before.icc!)).toBe(true);
    // libvips writes no EXIF into TIFF.
    if (format !== "tiff") expect(after.exif?.includes("somebody")).toBe(true);
    expect(after.xmp?.includes("spectral:recipe")).toBe(true);
  }
});

test.each([
  [["--scale", "4"], "png", { isExact: true, blockSide: 4, enlargedBy: 4, isLossless: true }],
  [["--size", "15x15"], "tiff", { isExact: true, blockSide: 3, enlargedBy: 4, isLossless: true }],
  [["--size", "14x15"], "png", { isExact: false, blockSide: null, enlargedBy: 4 }],
  [["--scale", "2"], "jpeg", { isExact: false, blockSide: 2, isLossless: false }],
  [["--scale", "2", "--quality", "100"], "webp", { isExact: true, blockSide: 2 }],
])(
  "with %j as %s it tells whether averaging gives the picture back",
  async (size, format, told) => {
    const small = join(folder, "in/deeper/d.png");
    const run = await upscale(small, "--out", out, "--format", format, ...size);
    expect(run.results[0]).toMatchObject({ state: "done", ...told });
    const [name] = readdirSync(out);
    expect((await verify(join(out, name!), small)) === 0).toBe(told.isExact);
  },
);

test("a pattern names pictures, and results inside of the folder are no input", async () => {
  const inside = join(folder, "in/deeper");
  const pattern = join(inside, "*.png").replaceAll("\\", "/");
  const results = join(inside, "large");
  for (const [expected, state] of [
    [1, "done"],
    [1, "skipped"],
  ] as const) {
    const run = await upscale(pattern, inside, "--recursive", "--out", results, "--size", "7x7");
    expect(run.exitCode).toBe(0);
    expect(run.results.filter((result) => result["state"] === state)).toHaveLength(expected);
    expect(run.results.at(-1)).toMatchObject({ total: 1 });
  }
  expect(await sharp(join(results, "d.png")).metadata()).toMatchObject({ width: 7, height: 7 });
  rmSync(results, { recursive: true });
});

test.each([
  [["a.png", "b.png", "-o", "c.png", "--scale", "2"], "--out"],
  [["a.png", "--scale", "2"], "--out"],
  [["a.png", "-o", "c.png", "--scale", "2", "--size", "4x4"], "both"],
  [["a.png", "--out", "x", "--size", "4 by 4"], "3000x2000"],
])("%j is a usage error", async (args, problem) => {
  const run = await upscale(...args);
  expect(run.exitCode).toBe(2);
  expect(run.results).toMatchObject([{ type: "error", code: "REQUEST_INVALID" }]);
  expect(String(run.results[0]?.["message"])).toContain(problem);
});

test("a pattern without a match is told as it was typed", async () => {
  const run = await upscale(join(folder, "in/*.webp"), "--out", out, "--scale", "2");
  expect(run.exitCode).toBe(3);
  expect(run.results).toMatchObject([{ code: "FILE_NOT_FOUND" }]);
});
