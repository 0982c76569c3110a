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
  let stdout = "";
  let stderr = "";
  const output = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  };
  const all = ["upscale", ...args, "--models", debugModelsDir, "--json"];
  const exitCode = await runProgram(all, "0.0.0", output, new AbortController().signal);
  const lines = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { exitCode, stderr, results: lines.filter(({ type }) => type !== "progress") };
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
