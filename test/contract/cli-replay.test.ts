import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createEngine } from "../../src/engine/index";
import { modelIdSchema } from "../../src/shared/ids";
import type { JobRequest } from "../../src/shared/jobs";
import { debugModelId, debugModelsDir } from "../engine/debug-bundle";
import { runSpectral } from "../support/run-spectral";
import { maskPng } from "./fixtures/bad-pictures";

const samples = join(import.meta.dirname, "../../assets/samples");
const source = join(samples, "flowers-96x64.jpg");

let folder: string;
let made: string;
let again: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "spectral-replay-"));
  process.env["SPECTRAL_STUDIO_CONFIG"] = at("config");
  process.env["SPECTRAL_MODELS"] = debugModelsDir;
  made = at("made.png");
  const mask = (x: number, y: number) => (x - 40) ** 2 + (y - 30) ** 2 < 400;
  writeFileSync(at("mask.png"), await maskPng(96, 64, mask));
  const drawing = [
    "--prompt",
    "a <dog> & “more”",
    "--seed",
    "7",
    "--freeze",
    "1",
    "--feather",
    "3",
  ];
  await must("edit", source, "--mask", at("mask.png"), "-o", made, ...drawing);
});
beforeEach(() => {
  rmSync(at("again"), { recursive: true, force: true });
  mkdirSync(at("again"));
  again = at("again/again.png");
});
afterAll(() => {
  delete process.env["SPECTRAL_MODELS"];
  rmSync(folder, { recursive: true, force: true });
});

async function must(...args: string[]): Promise<Record<string, unknown>> {
  const { exitCode, last } = await runSpectral(...args);
  expect(last, args.join(" ")).toMatchObject({ type: "result" });
  expect(exitCode).toBe(0);
  return last;
}

const pixels = (path: string) => sharp(path).raw().toBuffer();

test("an edit is replayed to the same pixels, and its replay again", async () => {
  expect(await must("replay", made, "--source", source, "-o", again)).toMatchObject({
    isSame: true,
    steps: 1,
  });
  expect(readFileSync(again).equals(readFileSync(made))).toBe(true);
  expect((await pixels(again)).equals(await pixels(source))).toBe(false);
  const third = at("again/third.png");
  await must("replay", again, "--source", source, "-o", third);
  expect((await pixels(third)).equals(await pixels(made))).toBe(true);
});

test("a generated picture needs no source, an enlarged one does", async () => {
  const drawn = at("drawn.png");
  await must("generate", "--prompt", "a lake", "--seed", "5", "-o", drawn);
  await must("replay", drawn, "-o", again);
  expect((await pixels(again)).equals(await pixels(drawn))).toBe(true);
  const large = at("large.png");
  await must("upscale", source, "--scale", "2", "-o", large);
  expect((await runSpectral("replay", large, "-o", again)).last).toMatchObject({ exitCode: 2 });
  await must("replay", large, "--source", source, "-o", again);
  expect((await pixels(again)).equals(await pixels(large))).toBe(true);
});

test("a history of many kinds is replayed step by step to the same pixels", async () => {
  const engine = await createEngine({ modelsDir: debugModelsDir, sessionDir: at("session") });
  const { api } = engine;
  const bytes = Uint8Array.from(readFileSync(source));
  const { documentId } = await api.openDocument({ name: "flowers.jpg", bytes });
  const modelId = modelIdSchema.parse(debugModelId);
  const drawing = {
    ...{ prompt: "a dog", negativePrompt: "", seed: 7 },
    ...{ temperature: 1, topK: 0, topP: 0.95, guidance: 2 },
  };
  const rect = { x: 20, y: 10, width: 30, height: 30 };
  const mask = { rect, alpha: new Uint8Array(900).fill(255) };
  const editing = { kind: "edit", documentId, modelId, mask, frozenScales: 1, feather: 2 } as const;
  const ended = async (request: JobRequest) => {
    const finished = new Promise((resolve, reject) => {
      engine.subscribe("job-finished", resolve);
      engine.subscribe("job-failed", reject);
    });
    const { jobId } = await api.startJob(request);
    await finished;
    return jobId;
  };
  const first = await ended({ ...editing, ...drawing, variations: 3, strength: 0.8 });
  const startFrom = { jobId: first, variation: 2, scales: 2 };
  const scaleSampling = [null, null, { temperature: 0.5 }];
  const steps: [JobRequest, number][] = [
    [{ ...editing, ...drawing, seed: 8, variations: 2, startFrom, scaleSampling }, 1],
    [{ ...editing, ...drawing, frozenScales: 0, mode: "remove" }, 0],
    [{ kind: "extend", documentId, modelId, left: 5, top: 0, right: 9, bottom: 0, ...drawing }, 0],
    [
      {
        ...{ kind: "upscale", documentId, modelId, factor: 2, creativity: 0 },
        ...{ prompt: "grass", seed: 3, guidance: 2 },
      },
      0,
    ],
  ];
  for (const [request, variation] of steps) {
    await api.acceptResult({ jobId: await ended(request), variation });
  }
  const options = { documentId, format: "png", quality: 100, embedRecipe: true } as const;
  writeFileSync(at("history.png"), (await api.exportDocument(options)).bytes);
  await engine.dispose();
  expect(await must("replay", at("history.png"), "--source", source, "-o", again)).toMatchObject({
    isSame: true,
    steps: 4,
  });
  expect((await pixels(again)).equals(await pixels(at("history.png")))).toBe(true);
});

test("formats that lose pixels still know how they were made", async () => {
  const jpeg = at("made.jpg");
  await must("edit", source, "--mask", at("mask.png"), "-o", jpeg, "--seed", "7");
  await must("replay", jpeg, "--source", source, "-o", again);
});

test("without its source, or with another, it says which picture is wanted", async () => {
  const missing = await runSpectral("replay", made, "-o", again);
  expect(missing.last).toMatchObject({ code: "REQUEST_INVALID", exitCode: 2 });
  expect(missing.last["message"]).toMatch(/96 x 64.*--source/);
  const other = await runSpectral("replay", made, "--source", made, "-o", again);
  expect(other.last).toMatchObject({ code: "REQUEST_INVALID", exitCode: 2 });
  expect(readdirSync(at("again"))).toEqual([]);
  expect(await must("replay", made, "--source", made, "-o", again, "--anyway")).toMatchObject({
    isSame: false,
  });
});

test("with another version of the model, or none, it says which one is wanted", async () => {
  const models = at("models");
  cpSync(join(debugModelsDir, debugModelId), join(models, debugModelId), { recursive: true });
  const path = join(models, debugModelId, "model.json");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/"description": "/, '"description": "Changed. '));
  const args = ["replay", made, "--source", source, "-o", again, "--models", models];
  const other = await runSpectral(...args);
  expect(other.last).toMatchObject({ code: "BUNDLE_UNSUPPORTED", exitCode: 5 });
  expect(readdirSync(at("again"))).toEqual([]);
  await must(...args, "--anyway");
  rmSync(models, { recursive: true });
  expect((await runSpectral(...args)).last).toMatchObject({ code: "BUNDLE_MISSING", exitCode: 5 });
});

test("a picture that says nothing about itself is refused", async () => {
  const silent = at("silent.png");
  await must("upscale", source, "--scale", "2", "--no-recipe", "-o", silent);
  for (const path of [silent, source, at("mask.png")]) {
    const run = await runSpectral("replay", path, "--source", source, "-o", again);
    expect(run.last).toMatchObject({ code: "FILE_UNREADABLE", exitCode: 3 });
  }
});

test("models are listed, imported and removed", async () => {
  const empty = ["--models", at("config")];
  const before = await runSpectral("models", ...empty);
  expect(before.last).toMatchObject({ models: [], modelProblems: [{ code: "BUNDLE_MISSING" }] });
  const imported = await must("models", "import", join(debugModelsDir, debugModelId), ...empty);
  expect(imported).toMatchObject({ model: { modelId: debugModelId, isShipped: false } });
  expect(await must("models", ...empty)).toMatchObject({ models: [{ modelId: debugModelId }] });
  await must("generate", "--seed", "1", "-o", again, ...empty);
  expect((await runSpectral("models", "import", at("mask.png"), ...empty)).last).toMatchObject({
    code: "BUNDLE_DAMAGED",
    exitCode: 5,
  });
  await must("models", "remove", debugModelId, ...empty);
  const gone = await runSpectral("models", "remove", debugModelId, ...empty);
  expect(gone.last).toMatchObject({ code: "BUNDLE_MISSING", exitCode: 5 });
  expect((await runSpectral("models", "remove", "../x", ...empty)).exitCode).toBe(2);
});

test("devices are told, chosen for good, and named for one run", async () => {
  const told = await must("devices");
  expect(told).toMatchObject({ chosen: "auto", actual: { provider: "cpu" } });
  expect(told["devices"]).toContainEqual(expect.objectContaining({ provider: "cpu" }));
  await must("devices", "--choose", "cpu");
  expect(await must("devices")).toMatchObject({ chosen: "cpu" });
  expect(await must("devices", "--device", "auto")).toMatchObject({ chosen: "auto" });
  const unknown = await runSpectral("devices", "--choose", "abacus");
  expect(unknown.last).toMatchObject({ code: "REQUEST_INVALID", exitCode: 2 });
  await must("generate", "--device", "abacus", "--seed", "1", "-o", again);
  expect(await must("devices")).toMatchObject({ chosen: "cpu" });
});
