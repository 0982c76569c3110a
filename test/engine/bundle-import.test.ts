import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { estimateMemory, requireFitting } from "../../src/engine/bundle/memory.js";
import { createEngine, type Engine } from "../../src/engine/index.js";
import { drawingManifestSchema, type DrawingManifest } from "../../src/shared/bundle-manifest.js";
import type { Events } from "../../src/shared/events.js";
import { modelIdSchema } from "../../src/shared/ids.js";
import { draws } from "../../src/shared/models.js";
import { zipOf, type ZipFile } from "../support/zip.js";
import { debugModelId, debugModelsDir } from "./debug-bundle.js";

const shippedDir = fileURLToPath(new URL("../../models/", import.meta.url));
const samples = new URL("../../assets/samples/", import.meta.url);
const modelId = modelIdSchema.parse(debugModelId);
const debugFolder = join(debugModelsDir, debugModelId);

let root = "";
let imported = "";
let engine: Engine;
const events: Events["models-changed"][] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "spectral-import-"));
  imported = join(root, "imported");
  events.length = 0;
  engine = await open(join(root, "no-models"));
});
afterEach(async () => {
  await engine.dispose();
  await rm(root, { recursive: true, force: true });
});

async function open(modelsDir: string): Promise<Engine> {
  const made = await createEngine({
    modelsDir,
    importedModelsDir: imported,
    sessionDir: join(root, "session"),
  });
  made.subscribe("models-changed", (event) => events.push(event as Events["models-changed"]));
  return made;
}

/** The files of the debug bundle, each with another content where one is given. */
async function bundleFiles(changes: Readonly<Record<string, Uint8Array>> = {}): Promise<ZipFile[]> {
  const names = (await readdir(debugFolder)).filter((name) => !name.startsWith("."));
  return Promise.all(
    names.map(async (name) => ({
      name,
      content: changes[name] ?? Uint8Array.from(await readFile(join(debugFolder, name))),
    })),
  );
}

async function manifest(): Promise<DrawingManifest> {
  const text = await readFile(join(debugFolder, "model.json"), "utf8");
  return drawingManifestSchema.parse(JSON.parse(text));
}

/** The bundle with its decoder replaced, and a manifest that says so. */
async function withDecoder(change: (bytes: Buffer) => Uint8Array): Promise<ZipFile[]> {
  const bytes = change(await readFile(join(debugFolder, "decoder.onnx")));
  const about = await manifest();
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const decoder = { ...about.files.decoder, sha256, bytes: bytes.byteLength };
  const changed = { ...about, files: { ...about.files, decoder } };
  const json = new TextEncoder().encode(JSON.stringify(changed));
  return bundleFiles({ "decoder.onnx": bytes, "model.json": json });
}

const importZip = (files: readonly ZipFile[]) =>
  engine.api.importBundle({ name: "model.zip", bytes: zipOf(files) });

async function expectNothingLeft(): Promise<void> {
  expect(await readdir(imported).catch(() => [])).toEqual([]);
  expect((await engine.api.getEngineInfo({})).models).toEqual([]);
  expect(events).toEqual([]);
}

describe("importing a bundle", () => {
  it("of another shape than the shipped one makes it usable for an edit, and removing takes it away", async () => {
    await engine.dispose();
    engine = await open(shippedDir);
    const { models: before } = await engine.api.getEngineInfo({});
    expect(before.every((model) => model.isShipped)).toBe(true);
    const summary = await importZip(await bundleFiles());
    expect(summary).toMatchObject({ modelId, isShipped: false });
    expect(summary.memoryBytes).toBeGreaterThan(1_000_000);
    if (!draws(summary)) throw new RangeError("the debug bundle draws");
    expect(before.filter(draws).map(({ layout }) => layout)).not.toContainEqual(summary.layout);
    expect(events).toHaveLength(1);
    expect(events[0]?.models).toEqual([...before, summary]);

    const bytes = Uint8Array.from(await readFile(new URL("flowers-96x64.jpg", samples)));
    const { documentId } = await engine.api.openDocument({ name: "flowers.jpg", bytes });
    const rect = { x: 20, y: 10, width: 30, height: 30 };
    const finished = new Promise<unknown>((resolve, reject) => {
      engine.subscribe("job-finished", resolve);
      engine.subscribe("job-failed", reject);
    });
    const { jobId } = await engine.api.startJob({
      kind: "edit",
      documentId,
      modelId,
      mask: { rect, alpha: new Uint8Array(900).fill(255) },
      frozenScales: 1,
      feather: 2,
      prompt: "a dog",
      negativePrompt: "",
      seed: 3,
      ...summary.sampling,
    });
    await finished;
    const { history } = await engine.api.acceptResult({ jobId });
    expect(history.map(({ kind }) => kind)).toEqual(["open", "edit"]);

    await engine.api.removeBundle({ modelId });
    expect(await readdir(imported)).toEqual([]);
    expect((await engine.api.getEngineInfo({})).models).toEqual(before);
    expect(events).toHaveLength(2);
  });

  it("cannot be undone while a job draws with it, which goes on; after that it can", async () => {
    const summary = await importZip(await bundleFiles());
    if (!draws(summary)) throw new RangeError("the debug bundle draws");
    let others = 0;
    engine.subscribe("job-variation", () => others++);
    const finished = new Promise<void>((resolve, reject) => {
      engine.subscribe("job-finished", () => resolve());
      engine.subscribe("job-failed", reject);
    });
    const drawing = new Promise<void>((resolve) => {
      engine.subscribe("job-progress", (event) => {
        if ((event as Events["job-progress"]).stage === "drawing") resolve();
      });
    });
    await engine.api.startJob({
      kind: "generate",
      modelId,
      prompt: "a dog",
      negativePrompt: "",
      seed: 3,
      variations: 16,
      ...summary.sampling,
    });
    await drawing;
    await expect(engine.api.removeBundle({ modelId })).rejects.toMatchObject({
      code: "NOT_AVAILABLE",
      message: expect.stringContaining("at work"),
      details: { modelId },
    });
    await finished;
    expect(others).toBe(15);
    await engine.api.removeBundle({ modelId });
    expect(await readdir(imported)).toEqual([]);
  });

  it("takes a zip with everything in one folder, and leaves other files where they are", async () => {
    const files = (await bundleFiles()).map((file) => ({ ...file, name: `my model/${file.name}` }));
    const extra = { name: "__MACOSX/._x", content: new Uint8Array(3) };
    const other = { name: "my model/extra.bin", content: new Uint8Array(3) };
    await importZip([{ name: "my model/", content: new Uint8Array(0) }, ...files, extra, other]);
    expect(await readdir(imported)).toEqual([debugModelId]);
    const names = await readdir(join(imported, debugModelId));
    expect(names.sort()).toEqual((await bundleFiles()).map(({ name }) => name).sort());
  });

  it("takes a folder, but no link out of it", async () => {
    const folder = join(root, "folder");
    await cp(debugFolder, folder, { recursive: true });
    await rm(join(folder, "text.onnx"));
    await symlink(join(debugFolder, "text.onnx"), join(folder, "text.onnx"));
    await expect(engine.importBundlePath(folder)).rejects.toMatchObject({ code: "BUNDLE_DAMAGED" });
    await expectNothingLeft();
    await expect(engine.importBundlePath(join(root, "none"))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    const summary = await engine.importBundlePath(debugFolder);
    expect(summary.modelId).toBe(debugModelId);
  });

  it("takes a zip file by its path", async () => {
    const path = join(root, "model.zip");
    await writeFile(path, zipOf(await bundleFiles()));
    expect((await engine.importBundlePath(path)).modelId).toBe(debugModelId);
  });

  it("refuses one that is installed already, shipped or imported", async () => {
    const files = await bundleFiles();
    await importZip(files);
    await expect(importZip(files)).rejects.toThrow(/installed already; remove it first/);
    expect(await readdir(imported)).toEqual([debugModelId]);
  });

  it("refuses to remove what came with the app, and what is not there", async () => {
    await engine.dispose();
    engine = await open(debugModelsDir);
    await expect(engine.api.removeBundle({ modelId })).rejects.toThrow(/came with the app/);
    const other = modelIdSchema.parse("other");
    await expect(engine.api.removeBundle({ modelId: other })).rejects.toMatchObject({
      code: "BUNDLE_MISSING",
    });
  });

  it("is not possible without a folder for it", async () => {
    const other = await createEngine({ modelsDir: root, sessionDir: join(root, "other") });
    const bytes = zipOf(await bundleFiles());
    await expect(other.api.importBundle({ name: "a.zip", bytes })).rejects.toMatchObject({
      code: "NOT_AVAILABLE",
    });
    await other.dispose();
  });
});

describe("a hostile or broken zip is refused and leaves nothing behind:", () => {
  const content = new Uint8Array(8);
  it.each<[string, ZipFile]>([
    ["a name that climbs out", { name: "../evil", content }],
    ["a name that climbs out from within", { name: "a/../../evil", content }],
    ["an absolute name", { name: "/etc/evil", content }],
    ["a drive", { name: "C:/evil", content }],
    ["a backslash", { name: "..\\evil", content }],
    ["a second manifest", { name: "model.json", content }],
    ["a name that differs in case alone", { name: "AR.onnx", content }],
    ["a link", { name: "link", content, mode: 0o120777 }],
    ["an encrypted file", { name: "secret", content, flags: 0x0801 }],
  ])("%s", async (_, file) => {
    await expect(importZip([...(await bundleFiles()), file])).rejects.toMatchObject({
      code: "BUNDLE_DAMAGED",
    });
    await expectNothingLeft();
  });

  it("a file that is larger than it says, and one that says more than the manifest", async () => {
    const files = await bundleFiles();
    const bomb = new Uint8Array(10_000_000);
    for (const name of ["decoder.onnx", "tokenizer.json", "model.json"]) {
      const lying = files.map((file) =>
        file.name === name
          ? { ...file, content: bomb, declaredSize: file.content.byteLength }
          : file,
      );
      await expect(importZip(lying)).rejects.toMatchObject({ code: "BUNDLE_DAMAGED" });
      const honest = files.map((file) => (file.name === name ? { ...file, content: bomb } : file));
      await expect(importZip(honest)).rejects.toMatchObject({ code: "BUNDLE_DAMAGED" });
      await expectNothingLeft();
    }
  });

  it("thousands of files, none at all, half a zip, and no zip", async () => {
    const files = await bundleFiles();
    const many = Array.from({ length: 1_001 }, (_, i) => ({ name: `f${i}`, content }));
    await expect(importZip([...files, ...many])).rejects.toThrow(/more than 1000 files/);
    await expect(importZip([])).rejects.toMatchObject({ code: "BUNDLE_MISSING" });
    const whole = zipOf(files);
    for (const bytes of [whole.subarray(0, whole.byteLength / 2), new Uint8Array(100)]) {
      await expect(engine.api.importBundle({ name: "a.zip", bytes })).rejects.toThrow(/a\.zip/);
    }
    await expectNothingLeft();
  });

  it("two bundles at once, and one without a file", async () => {
    const files = await bundleFiles();
    const twice = ["a", "b"].flatMap((folder) =>
      files.map((file) => ({ ...file, name: `${folder}/${file.name}` })),
    );
    await expect(importZip(twice)).rejects.toMatchObject({ code: "BUNDLE_MISSING" });
    const missing = files.filter(({ name }) => name !== "ar.onnx");
    await expect(importZip(missing)).rejects.toThrow(/ar\.onnx/);
    await expectNothingLeft();
  });
});

describe("a bundle that would not work is refused and leaves nothing behind:", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const field = (number: number, content: Uint8Array) =>
    Uint8Array.of((number << 3) | 2, content.length, ...content);

  it("a changed byte, a manifest of a newer version, and one that is none", async () => {
    const bytes = await readFile(join(debugFolder, "encoder.onnx"));
    bytes[bytes.length >> 1]! ^= 1;
    await expect(importZip(await bundleFiles({ "encoder.onnx": bytes }))).rejects.toMatchObject({
      code: "BUNDLE_DAMAGED",
    });
    const about = await manifest();
    for (const [change, words] of [
      [{ ...about, version: 2 }, /version 2; update the app/],
      [{ ...about, layout: { ...about.layout, grid: 7 } }, /multiple of grid/],
      [{ ...about, id: "../up" }, /expected letters/],
    ] as const) {
      const json = text(JSON.stringify(change));
      await expect(importZip(await bundleFiles({ "model.json": json }))).rejects.toThrow(words);
    }
    await expect(importZip(await bundleFiles({ "model.json": text("{") }))).rejects.toThrow(
      /model\.json/,
    );
    await expectNothingLeft();
  });

  it("weights in another file, an operator that nobody knows, one of a foreign library", async () => {
    // Fields of a protobuf message may be repeated: what is added to the end is one more graph.
    const external = field(7, field(5, Uint8Array.of((14 << 3) | 0, 1)));
    const unknown = field(7, field(1, field(4, text("ReadFile"))));
    const foreign = field(
      7,
      field(1, Uint8Array.of(...field(4, text("Add")), ...field(7, text("evil")))),
    );
    for (const [extra, words] of [
      [external, /another file/],
      [unknown, /ReadFile/],
      [foreign, /evil/],
    ] as const) {
      const files = await withDecoder((bytes) => Buffer.concat([bytes, extra]));
      await expect(importZip(files)).rejects.toThrow(words);
    }
    await expectNothingLeft();
  });

  it("outputs that differ from what was recorded", async () => {
    const files = await bundleFiles();
    const golden = files.find(({ name }) => name === "golden.json")!;
    const value = JSON.parse(Buffer.from(golden.content).toString()) as { codes: number[] };
    const codes = value.codes.map((code) => (code + 1) % 32);
    const content = text(JSON.stringify({ ...value, codes }));
    const sha256 = createHash("sha256").update(content).digest("hex");
    const about = await manifest();
    const json = text(JSON.stringify({ ...about, golden: { ...about.golden, sha256 } }));
    const changed = await bundleFiles({ "golden.json": content, "model.json": json });
    await expect(importZip(changed)).rejects.toMatchObject({ code: "ENGINE_OUTPUT_INVALID" });
    await expectNothingLeft();
  });
});

describe("a bundle's memory", () => {
  it("is estimated from the manifest, and what cannot fit is refused with both numbers", async () => {
    const about = await manifest();
    const needed = estimateMemory(about);
    expect(() => requireFitting(about, needed * 2)).not.toThrow();
    expect(() => requireFitting(about, needed)).toThrow(/needs about \d+ MB/);
    const larger = { ...about, ar: { ...about.ar, layers: about.ar.layers * 100 } };
    expect(estimateMemory(larger)).toBeGreaterThan(needed);
  });

  it("that no machine has keeps it from being imported", async () => {
    const about = await manifest();
    const decoder = { ...about.files.decoder, bytes: 1e15 };
    const json = JSON.stringify({ ...about, files: { ...about.files, decoder } });
    const files = await bundleFiles({ "model.json": new TextEncoder().encode(json) });
    await expect(importZip(files)).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    await expectNothingLeft();
  });
});
