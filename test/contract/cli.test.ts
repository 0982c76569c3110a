import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runProgram } from "../../src/cli/run-program";
import {
  animation,
  cmykJpeg,
  goodJpeg,
  goodPng,
  maskPng,
  pngOfAnnouncedSize,
} from "./fixtures/bad-pictures";
import { debugModelId, debugModelsDir } from "../engine/debug-bundle";

const root = join(import.meta.dirname, "../..");
const isRoot = process.getuid?.() === 0;

let folder: string;
let outFolder: string;
const firstHalf = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "spectral-test-"));
  // The person's own folder is none of the tests' business.
  process.env["SPECTRAL_STUDIO_CONFIG"] = join(folder, "config");
  const files: Record<string, Uint8Array | string> = {
    "good.png": await goodPng(40, 24),
    "mask.png": await maskPng(40, 24, (x, y) => x > 8 && x < 30 && y > 4 && y < 20),
    "black.png": await maskPng(40, 24, () => false),
    "small-mask.png": await maskPng(39, 24, () => true),
    "empty.png": "",
    "text.png": "This is no picture.",
    "truncated.jpg": firstHalf(await goodJpeg(200, 200)),
    "truncated.png": firstHalf(await goodPng(200, 200)),
    "bomb.png": pngOfAnnouncedSize(30_000, 30_000),
    "cmyk.jpg": await cmykJpeg(),
    "moving.gif": await animation("gif"),
    "moving.webp": await animation("webp"),
    "locked.png": await goodPng(8, 8),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(at(name), bytes);
  writeFileSync(at("huge.tif"), "");
  truncateSync(at("huge.tif"), 600 * 1024 * 1024);
  chmodSync(at("locked.png"), 0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  outFolder = mkdtempSync(at("out-"));
});

interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as JSON lines. */
  lines(): Record<string, unknown>[];
}

async function spectral(...args: string[]): Promise<Run> {
  let stdout = "";
  let stderr = "";
  const output = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  };
  const withModels = args.includes("--models") ? args : [...args, "--models", debugModelsDir];
  const takesModels = args.length > 1 && !args.includes("--help");
  const exitCode = await runProgram(
    takesModels ? withModels : args,
    "1.2.3",
    output,
    new AbortController().signal,
  );
  return {
    exitCode,
    stdout,
    stderr,
    // Proof of the cast: the program prints objects only, which a failing test would show.
    lines: () =>
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

test("help is a success, a line that cannot be understood is a usage error", async () => {
  expect(await spectral("--help")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await spectral("edit", "--help")).toMatchObject({ exitCode: 0 });
  expect(await spectral("--version")).toMatchObject({ exitCode: 0, stdout: "1.2.3\n" });
  expect((await spectral()).exitCode).toBe(2);
  const unknown = await spectral("paint");
  expect(unknown).toMatchObject({ exitCode: 2, stdout: "" });
  expect(unknown.stderr).toContain("unknown command");
});

test.each([
  [["edit", "good.png", "-o", "x.png"], "--mask"],
  [["edit", "good.png", "--mask", "m.png"], "--output"],
  [["edit", "a", "--mask", "b", "-o", "c.png", "--seed", "-1"], "from 0 to 4294967295"],
  [["edit", "a", "--mask", "b", "-o", "c.png", "--seed", "1.5"], "whole number"],
  [["edit", "a", "--mask", "b", "-o", "c.png", "--freeze", "two"], "whole number"],
  [["edit", "a", "--mask", "b", "-o", "c.png", "--top-p", "0"], "Expected a number"],
  [["edit", "a", "--mask", "b", "-o", "c.png", "--temperature", "NaN"], "Expected a number"],
  [["upscale", "a", "-o", "c.png"], "--scale"],
  [["upscale", "a", "-o", "c.png", "--scale", "3"], "Allowed choices are 2, 4, 8"],
  [["upscale", "-o", "c.png", "--scale", "2"], "missing required argument"],
  [["info", "a", "b"], "too many arguments"],
])("%j is a usage error, also in JSON", async (args, problem) => {
  const text = await spectral(...args);
  expect(text).toMatchObject({ exitCode: 2, stdout: "" });
  expect(text.stderr).toContain(problem);
  const json = await spectral(...args, "--json");
  expect(json).toMatchObject({ exitCode: 2, stderr: "" });
  expect(json.lines()).toMatchObject([{ type: "error", code: "REQUEST_INVALID", exitCode: 2 }]);
});

const badPictures: [string, string][] = [
  ["missing.png", "FILE_NOT_FOUND"],
  ["good.png/inside.png", "FILE_NOT_FOUND"],
  [".", "FILE_UNREADABLE"],
  ["empty.png", "FILE_EMPTY"],
  ["text.png", "FILE_NOT_AN_IMAGE"],
  ["truncated.jpg", "FILE_TRUNCATED"],
  ["truncated.png", "FILE_TRUNCATED"],
  ["bomb.png", "IMAGE_TOO_LARGE"],
  ["huge.tif", "FILE_TOO_LARGE"],
  ["cmyk.jpg", "IMAGE_UNSUPPORTED_COLOUR"],
];

test.each(badPictures)(
  "the picture %s ends with %s, exit code 3, and nothing written",
  async (name, code) => {
    const out = join(outFolder, "out.png");
    for (const args of [
      ["upscale", at(name), "--scale", "2", "-o", out],
      ["edit", at(name), "--mask", at("mask.png"), "-o", out],
      ["edit", at("good.png"), "--mask", at(name), "-o", out],
      ["info", at(name)],
    ]) {
      const run = await spectral(...args, "--json");
      expect(run.lines(), args.join(" ")).toMatchObject([{ type: "error", code, exitCode: 3 }]);
      expect(run.exitCode).toBe(3);
      expect(String(run.lines()[0]!["message"])).toMatch(/^Expected .*[;,.] ?.*\.$/s);
    }
    expect(readdirSync(outFolder)).toEqual([]);
  },
);

test.skipIf(process.platform === "win32")("a pipe is refused instead of waited for", async () => {
  execFileSync("mkfifo", [at("pipe.png")]);
  const run = await spectral("info", at("pipe.png"), "--json");
  expect(run.lines()).toMatchObject([{ code: "FILE_UNREADABLE", exitCode: 3 }]);
});

test.skipIf(isRoot)("a file that may not be read ends with FILE_UNREADABLE", async () => {
  const run = await spectral("info", at("locked.png"), "--json");
  expect(run.lines()).toMatchObject([{ code: "FILE_UNREADABLE", exitCode: 3 }]);
});

test.each(["moving.gif", "moving.webp"])(
  "of the animation %s only the first picture is taken, and only when asked for",
  async (name) => {
    const run = await spectral("info", at(name), "--json");
    expect(run.lines()).toMatchObject([{ code: "IMAGE_ANIMATED", exitCode: 3 }]);
    const first = await spectral("info", at(name), "--first-frame", "--json");
    expect(first.lines()).toMatchObject([{ type: "result", width: 16, height: 16 }]);
  },
);

test.each([
  ["small-mask.png", "MASK_SIZE_MISMATCH"],
  ["black.png", "MASK_EMPTY"],
])("the mask %s ends with %s", async (mask, code) => {
  const out = join(outFolder, "out.png");
  const run = await spectral("edit", at("good.png"), "--mask", at(mask), "-o", out, "--json");
  expect(run.lines()).toMatchObject([{ code, exitCode: 3 }]);
  expect(readdirSync(outFolder)).toEqual([]);
});

test.each([
  ["none/out.png", "TARGET_UNWRITABLE"],
  ["folder.png", "TARGET_UNWRITABLE"],
  ["out.gif", "TARGET_FORMAT_UNSUPPORTED"],
  ["out", "TARGET_FORMAT_UNSUPPORTED"],
])("the output %s ends with %s, exit code 4, before any work", async (name, code) => {
  mkdirSync(join(outFolder, "folder.png"));
  const out = join(outFolder, name);
  const run = await spectral("upscale", at("good.png"), "--scale", "2", "-o", out, "--json");
  expect(run.lines()).toMatchObject([{ code, exitCode: 4 }]);
  expect(readdirSync(outFolder, { recursive: true })).toEqual(["folder.png"]);
});

/** A models folder with a copy of the bundle, of which one file is replaced. */
function modelsWith(replaced: string, change: (bytes: Buffer) => Uint8Array | null): string {
  const source = join(debugModelsDir, debugModelId);
  const models = mkdtempSync(at("models-"));
  const copy = join(models, debugModelId);
  mkdirSync(copy);
  for (const name of readdirSync(source)) {
    if (name !== replaced) copyFileSync(join(source, name), join(copy, name));
  }
  const bytes = change(readFileSync(join(source, replaced)));
  if (bytes !== null) writeFileSync(join(copy, replaced), bytes);
  return models;
}

const editManifest = (change: (manifest: Record<string, unknown>) => void) => (bytes: Buffer) => {
  const manifest = JSON.parse(bytes.toString()) as Record<string, unknown>;
  change(manifest);
  return Buffer.from(JSON.stringify(manifest));
};

test.each<[string, string, (bytes: Buffer) => Uint8Array | null, string]>([
  ["a manifest that is cut", "model.json", (bytes) => bytes.subarray(0, 100), "BUNDLE_DAMAGED"],
  ["an empty manifest", "model.json", () => new Uint8Array(), "BUNDLE_DAMAGED"],
  [
    "a future version",
    "model.json",
    editManifest((manifest) => (manifest["version"] = 99)),
    "BUNDLE_UNSUPPORTED",
  ],
  ["a missing graph", "decoder.onnx", () => null, "BUNDLE_DAMAGED"],
  [
    "a graph with a flipped bit",
    "decoder.onnx",
    (bytes) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1),
    "BUNDLE_DAMAGED",
  ],
  ["a cut graph", "decoder.onnx", (bytes) => bytes.subarray(0, bytes.length - 1), "BUNDLE_DAMAGED"],
])(
  "a bundle with %s ends with exit code 5 and nothing written",
  async (_what, file, change, code) => {
    const models = modelsWith(file, change);
    const out = join(outFolder, "out.png");
    const args = [
      "upscale",
      at("good.png"),
      "--scale",
      "2",
      "-o",
      out,
      "--models",
      models,
      "--json",
    ];
    const run = await spectral(...args);
    expect(run.exitCode).toBe(5);
    expect(run.lines().at(-1)).toMatchObject({ type: "error", code, exitCode: 5 });
    expect(readdirSync(outFolder)).toEqual([]);
    rmSync(models, { recursive: true });
  },
);

test("a folder without models ends with exit code 5, and info says so", async () => {
  const args = ["--models", outFolder, "--json"];
  const run = await spectral("generate", "-o", join(outFolder, "out.png"), ...args);
  expect(run.lines()).toMatchObject([{ code: "BUNDLE_MISSING", exitCode: 5 }]);
  const info = await spectral("info", ...args);
  expect(info.exitCode).toBe(5);
  expect(info.lines()).toMatchObject([{ type: "result", models: [] }, { code: "BUNDLE_MISSING" }]);
  const unknown = await spectral(
    "generate",
    "--model",
    "x",
    "-o",
    join(outFolder, "out.png"),
    "--json",
  );
  expect(unknown.lines()).toMatchObject([{ code: "BUNDLE_MISSING", exitCode: 5 }]);
});

test("more frozen scales than the model has is a usage error", async () => {
  const out = join(outFolder, "out.png");
  const args = ["edit", at("good.png"), "--mask", at("mask.png"), "--freeze", "32", "-o", out];
  const run = await spectral(...args, "--json");
  expect(run.lines().at(-1)).toMatchObject({ code: "REQUEST_INVALID", exitCode: 2 });
});

test("an edit is the same twice, keeps every pixel outside the mask, and tells its progress", async () => {
  const edit = (out: string) =>
    spectral(
      ...["edit", at("good.png"), "--mask", at("mask.png"), "--freeze", "2", "--seed", "7"],
      ...["--prompt", "a stone", "-o", join(outFolder, out), "--json"],
    );
  const first = await edit("1.png");
  expect(first).toMatchObject({ exitCode: 0, stderr: "" });
  expect(first.lines().filter(({ type }) => type === "progress").length).toBeGreaterThan(3);
  expect(first.lines().at(-1)).toMatchObject({ type: "result", command: "edit" });
  await edit("2.png");
  const [one, two] = ["1.png", "2.png"].map((name) => readFileSync(join(outFolder, name)));
  expect(one!.equals(two!)).toBe(true);
  const raw = (bytes: Buffer) => sharp(bytes).raw().toBuffer();
  const before = await raw(readFileSync(at("good.png")));
  const after = await raw(one!);
  const mask = await sharp(at("mask.png")).toColourspace("b-w").raw().toBuffer();
  const changed = [...after].filter((value, i) => value !== before[i]).length;
  const outside = [...after].filter(
    (value, i) => mask[Math.floor(i / 3)] === 0 && value !== before[i],
  ).length;
  expect(outside).toBe(0);
  expect(changed).toBeGreaterThan(0);
});

test("an upscale passes verify; a picture that was changed since does not", async () => {
  const big = join(outFolder, "big.png");
  const run = await spectral("upscale", at("good.png"), "--scale", "4", "-o", big, "--json");
  expect(run.lines().at(-1)).toMatchObject({ type: "result", width: 160, height: 96 });
  expect(await spectral("verify", big, at("good.png"))).toMatchObject({ exitCode: 0 });
  const blurred = join(outFolder, "blurred.png");
  await sharp(big).blur(2).toFile(blurred);
  expect((await spectral("verify", blurred, at("good.png"))).exitCode).toBe(1);
  const { data, info } = await sharp(big).raw().toBuffer({ resolveWithObject: true });
  const touched = (21 * info.width + 50) * info.channels;
  data[touched] = (data[touched] ?? 0) ^ 1;
  const spotted = join(outFolder, "spotted.png");
  const { width, height, channels } = info;
  await sharp(data, { raw: { width, height, channels } }).png().toFile(spotted);
  const named = await spectral("verify", spotted, at("good.png"));
  expect(named.exitCode).toBe(1);
  expect(named.stderr).toContain("4 x 4 pixels at (48, 20)");
  expect(named.stderr).toContain("pixel (12, 5)");
  expect((await spectral("verify", at("good.png"), big)).exitCode).toBe(2);
});

test("a signal during a job ends with 130, writes nothing and leaves no temporary files", async () => {
  const temporary = mkdtempSync(at("tmp-"));
  const out = join(outFolder, "out.png");
  const sample = join(root, "assets/samples/wren-512x512.jpg");
  const args = ["upscale", sample, "--scale", "8", "-o", out, "--models", debugModelsDir, "--json"];
  const entry = join(root, "src/cli/index.ts");
  const child = spawn(process.execPath, ["--import", "tsx", entry, ...args], {
    cwd: root,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  let isInterrupted = false;
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
    // Once: a second signal could meet the process when it is already ending, without its handlers.
    if (!isInterrupted && stdout.includes('"upscaling"')) isInterrupted = child.kill("SIGINT");
  });
  const exitCode = await new Promise((resolve) => child.once("close", resolve));
  expect(exitCode).toBe(130);
  expect(stdout).toContain('"JOB_CANCELLED"');
  expect(existsSync(out)).toBe(false);
  expect(readdirSync(temporary).filter((name) => name.startsWith("spectral"))).toEqual([]);
});
