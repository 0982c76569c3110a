import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { debugModelsDir } from "../engine/debug-bundle";
import { runSpectral } from "../support/run-spectral";
import { goodPng, maskPng } from "./fixtures/bad-pictures";

let folder: string;
let out: string;
const at = (name: string) => join(folder, name);
const made = (name: string) => join(out, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "spectral-drawing-"));
  process.env["SPECTRAL_STUDIO_CONFIG"] = at("config");
  process.env["SPECTRAL_MODELS"] = debugModelsDir;
  writeFileSync(at("photo.png"), await goodPng(40, 24));
  writeFileSync(
    at("mask.png"),
    await maskPng(40, 24, (x, y) => x > 8 && x < 30 && y > 4 && y < 20),
  );
});
beforeEach(() => {
  out = mkdtempSync(at("out-"));
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

const edit = (name: string, ...more: string[]) =>
  must("edit", at("photo.png"), "--mask", at("mask.png"), "-o", made(name), ...more);
const generate = (name: string, ...more: string[]) =>
  must("generate", "-o", made(name), "--prompt", "a dog", ...more);
const pixels = (name: string) => sharp(made(name)).raw().toBuffer();
const replay = (name: string, ...more: string[]) =>
  must("replay", made(name), "-o", made("again.png"), ...more);

test("variations are written side by side, each the one that it would be alone, and each can be replayed", async () => {
  const told = await edit("v.png", "--variations", "3", "--seed", "7", "--freeze", "1");
  expect(told["outputs"]).toEqual([1, 2, 3].map((number) => made(`v-${number}.png`)));
  expect(readdirSync(out).sort()).toEqual(["v-1.png", "v-2.png", "v-3.png"]);
  const all = await Promise.all([1, 2, 3].map((number) => pixels(`v-${number}.png`)));
  expect(all[0]!.equals(all[1]!) || all[1]!.equals(all[2]!)).toBe(false);
  await edit("one.png", "--seed", "7", "--freeze", "1");
  expect((await pixels("one.png")).equals(all[0]!)).toBe(true);
  await replay("v-3.png", "--source", at("photo.png"));
  expect((await pixels("again.png")).equals(all[2]!)).toBe(true);
});

test("the layout of a variation is kept and its details drawn anew, which can be replayed", async () => {
  await generate("v.png", "--variations", "2", "--seed", "5");
  await generate("new.png", "--seed", "9", "--layout-of", "5/2", "--layout-scales", "3");
  const [kept, again, other] = await Promise.all(["v-2.png", "new.png", "v-1.png"].map(pixels));
  const distance = (a: Buffer, b: Buffer) =>
    a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0);
  expect(again!.equals(kept!)).toBe(false);
  expect(distance(again!, kept!)).toBeLessThan(distance(other!, kept!));
  await replay("new.png");
  expect((await pixels("again.png")).equals(again!)).toBe(true);
});

test("a removal and a weak edit are what their names say, and take no two wishes", async () => {
  await edit("removed.png", "--remove", "--seed", "1");
  await edit("again.png", "--remove", "--seed", "1", "--guidance", "9");
  expect((await pixels("removed.png")).equals(await pixels("again.png"))).toBe(true);
  const { changedPixels } = await edit("same.png", "--strength", "0");
  expect(changedPixels).toBe(0);
  const args = ["edit", at("photo.png"), "--mask", at("mask.png"), "-o", made("x.png")];
  const both = await runSpectral(...args, "--remove", "--prompt", "a dog");
  expect(both.last).toMatchObject({ code: "REQUEST_INVALID", exitCode: 2 });
});

test("a picture is extended and stays as it was; its extension can be replayed", async () => {
  const margins = ["--left", "6", "--bottom", "9", "--seed", "3"];
  const told = await must("extend", at("photo.png"), "-o", made("wide.png"), ...margins);
  expect(told).toMatchObject({ width: 46, height: 33 });
  const inner = await sharp(made("wide.png"))
    .extract({ left: 6, top: 0, width: 40, height: 24 })
    .raw()
    .toBuffer();
  expect(inner.equals(await sharp(at("photo.png")).raw().toBuffer())).toBe(true);
  await replay("wide.png", "--source", at("photo.png"));
  expect(readFileSync(made("again.png")).equals(readFileSync(made("wide.png")))).toBe(true);
  const none = await runSpectral("extend", at("photo.png"), "-o", made("x.png"));
  expect(none.last).toMatchObject({ code: "REQUEST_INVALID", exitCode: 2 });
});

test("sampling holds for all scales, or for each its own", async () => {
  await generate("a.png", "--temperature", "0", "--seed", "1");
  await generate("b.png", "--temperature", "0,0,0,0", "--seed", "2");
  expect((await pixels("a.png")).equals(await pixels("b.png"))).toBe(true);
  // The likeliest alone is what a temperature of 0 draws, too; one scale that is free differs by seed.
  for (const [option, alone] of [
    ["--top-k", "1"],
    ["--top-p", "0.000001"],
  ] as const) {
    await generate("c.png", option, Array(4).fill(alone).join(","), "--seed", "2");
    expect((await pixels("c.png")).equals(await pixels("a.png")), option).toBe(true);
    const last = `${alone},${alone},${alone},`;
    await generate("d.png", option, last, "--seed", "2");
    await generate("e.png", option, last, "--seed", "3");
    expect((await pixels("d.png")).equals(await pixels("a.png")), option).toBe(false);
    expect((await pixels("d.png")).equals(await pixels("e.png")), option).toBe(false);
  }
  for (const [option, text] of [
    ["--temperature", "0,,11"],
    ["--top-k", "1,1.5"],
    ["--layout-of", "5/0"],
    ["--layout-of", "5/1/2"],
    ["--variations", "17"],
  ] as const) {
    const bad = await runSpectral("generate", "-o", made("x.png"), option, text);
    expect(bad.last, text).toMatchObject({ code: "REQUEST_INVALID", exitCode: 2 });
  }
  const tooMany = await runSpectral("generate", "-o", made("x.png"), "--top-p", "1,1,1,1,1,1,1");
  expect(tooMany.last).toMatchObject({ code: "REQUEST_INVALID", exitCode: 2 });
});

test("a generated picture is enlarged as often as asked", async () => {
  const told = await generate("large.png", "--scale", "4", "--seed", "1");
  expect(told).toMatchObject({ width: 128, height: 128 });
});
