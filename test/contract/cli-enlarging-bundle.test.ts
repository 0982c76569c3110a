import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runProgram } from "../../src/cli/run-program";
import { debugModelId, debugModelsDir } from "../engine/debug-bundle";
import { writeEnlargingBundle } from "../engine/enlarging-bundle";
import { runSpectral } from "../support/run-spectral";
import { goodPng, maskPng } from "./fixtures/bad-pictures";

/** Sorts before the bundle that draws. */
const FREE = "a-free";

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "spectral-enlarging-"));
  process.env["SPECTRAL_STUDIO_CONFIG"] = at("config");
  process.env["SPECTRAL_MODELS"] = at("models");
  cpSync(join(debugModelsDir, debugModelId), at(`models/${debugModelId}`), { recursive: true });
  await writeEnlargingBundle(at("models"), FREE);
  mkdirSync(at("photos"));
  for (const name of ["one.png", "two.png"])
    writeFileSync(at(`photos/${name}`), await goodPng(20, 12));
  writeFileSync(at("mask.png"), await maskPng(20, 12, (x) => x < 10));
});
afterAll(() => {
  delete process.env["SPECTRAL_MODELS"];
  rmSync(folder, { recursive: true, force: true });
});

const photo = () => at("photos/one.png");

test("models says of a bundle that it only enlarges, its licence and what it was trained on", async () => {
  let stdout = "";
  const output = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: () => true },
  };
  expect(await runProgram(["models"], "1.2.3", output, new AbortController().signal)).toBe(0);
  expect(stdout).toMatch(
    /^a-free: Upscale, free, enlarges only \(2x, 4x, 8x\), about \d+ MB, CC0 1\.0\n {2}trained on Free photos \(12 photos, CC0 1\.0\)\n/m,
  );
});

test("upscale takes it by name, the result passes verify, and replay makes the same pixels", async () => {
  const big = at("big.png");
  const made = await runSpectral("upscale", photo(), "--scale", "4", "--model", FREE, "-o", big);
  expect(made.last).toMatchObject({ type: "result", modelId: FREE, width: 80, height: 48 });
  expect((await runSpectral("verify", big, photo())).exitCode).toBe(0);
  const again = await runSpectral("replay", big, "--source", photo(), "-o", at("again.png"));
  expect(again.last).toMatchObject({ type: "result", isSame: true });
});

test("a folder is upscaled with it", async () => {
  const { exitCode } = await runSpectral(
    ...["upscale", at("photos"), "--scale", "2", "--model", FREE, "--out", at("large")],
  );
  expect(exitCode).toBe(0);
  expect(readdirSync(at("large"))).toHaveLength(2);
});

test("without a name, upscale and edit take the bundle that draws, whichever comes first", async () => {
  const made = await runSpectral("upscale", photo(), "--scale", "2", "-o", at("other.png"));
  expect(made.last).toMatchObject({ modelId: debugModelId });
  const edited = await runSpectral(
    ...["edit", photo(), "--mask", at("mask.png"), "--freeze", "3", "-o", at("edited.png")],
  );
  expect(edited.last).toMatchObject({ type: "result", modelId: debugModelId });
});

test("asking it to draw is a usage error that says what to do, and writes nothing", async () => {
  const out = at("none.png");
  const creative = await runSpectral(
    ...["upscale", photo(), "--scale", "2", "--model", FREE, "--creativity", "0.5", "-o", out],
  );
  expect(creative).toMatchObject({ exitCode: 2, last: { code: "REQUEST_INVALID" } });
  expect(JSON.stringify(creative.last)).toMatch(/set it to 0, or choose a model that draws/);
  for (const args of [
    ["edit", photo(), "--mask", at("mask.png")],
    ["generate", "--prompt", "a lake"],
  ]) {
    const refused = await runSpectral(...args, "--model", FREE, "-o", out);
    expect(refused).toMatchObject({ exitCode: 2, last: { code: "REQUEST_INVALID" } });
    expect(JSON.stringify(refused.last)).toContain(
      `a-free only enlarges; choose one that draws with --model (${debugModelId})`,
    );
  }
  expect(existsSync(out)).toBe(false);
});
