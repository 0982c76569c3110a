import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listBundles } from "../../src/engine/bundle/list-bundles.js";
import { scanOnnx } from "../../src/engine/bundle/onnx-scan.js";
import { createEngine } from "../../src/engine/index.js";
import { debugModelId, debugModelsDir } from "./debug-bundle.js";

let root = "";
let bundle = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "spectral-models-"));
  bundle = join(root, debugModelId);
  await cp(join(debugModelsDir, debugModelId), bundle, { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Changes the manifest as a text. */
async function editManifest(change: (text: string) => string): Promise<void> {
  const path = join(bundle, "model.json");
  await writeFile(path, change(await readFile(path, "utf8")));
}

async function problems(): Promise<string[]> {
  const list = await listBundles([root]);
  expect(list.bundles).toHaveLength(0);
  return list.problems.map(({ code }) => code);
}

describe("a bundle", () => {
  it("is usable as it was exported", async () => {
    const list = await listBundles([root]);
    expect(list.problems).toEqual([]);
    expect(list.bundles.map(({ manifest }) => manifest.id)).toEqual([debugModelId]);
  });

  it.each(["encoder.onnx", "ar.onnx", "tokenizer.json", "golden.json"])(
    "with one changed byte in %s is damaged",
    async (file) => {
      const bytes = await readFile(join(bundle, file));
      bytes[Math.floor(bytes.length / 2)]! ^= 1;
      await writeFile(join(bundle, file), bytes);
      expect(await problems()).toEqual(["BUNDLE_DAMAGED"]);
    },
  );

  it("without a file, without a manifest or with half a manifest says what is wrong", async () => {
    await rm(join(bundle, "decoder.onnx"));
    expect(await problems()).toEqual(["BUNDLE_DAMAGED"]);
    await editManifest((text) => text.slice(0, text.length / 2));
    expect(await problems()).toEqual(["BUNDLE_DAMAGED"]);
    await rm(join(bundle, "model.json"));
    expect(await problems()).toEqual(["BUNDLE_MISSING"]);
    await rm(bundle, { recursive: true });
    expect(await problems()).toEqual(["BUNDLE_MISSING"]);
  });

  it.each([
    ["another version", (text: string) => text.replace('"version": 1', '"version": 2')],
    ["a path that leaves the folder", (text: string) => text.replace("ar.onnx", "../ar.onnx")],
    [
      "numbers that its graphs do not have",
      (text: string) => text.replace('"heads": 2', '"heads": 3'),
    ],
    ["a layout that does not divide", (text: string) => text.replace('"grid": 4', '"grid": 5')],
  ])("with %s is not supported", async (_, change) => {
    await editManifest(change);
    expect(await problems()).toEqual(["BUNDLE_UNSUPPORTED"]);
  });

  it("whose file is a link out of its folder is refused", async () => {
    const outside = join(root, "outside.onnx");
    await cp(join(bundle, "ar.onnx"), outside);
    await rm(join(bundle, "ar.onnx"));
    await symlink(outside, join(bundle, "ar.onnx"));
    expect(await problems()).toEqual(["BUNDLE_DAMAGED"]);
  });

  it("that computes something else than was recorded is not used", async () => {
    const path = join(bundle, "golden.json");
    const old = await readFile(path, "utf8");
    const golden = JSON.parse(old) as { codes: number[] };
    golden.codes = golden.codes.map((code) => (code + 1) % 32);
    const changed = JSON.stringify(golden);
    const sha = (text: string) => createHash("sha256").update(text).digest("hex");
    await writeFile(path, changed);
    await editManifest((text) => text.replace(sha(old), sha(changed)));
    const engine = await createEngine({ modelsDir: root, sessionDir: join(root, "session") });
    const failed = new Promise((resolve) => engine.subscribe("job-failed", resolve));
    await engine.invoke("startJob", {
      kind: "generate",
      modelId: debugModelId,
      prompt: "",
      negativePrompt: "",
      seed: 1,
      guidance: 1,
      temperature: 1,
      topK: 0,
      topP: 1,
    });
    expect(await failed).toMatchObject({ error: { code: "ENGINE_OUTPUT_INVALID" } });
    await engine.dispose();
  });

  it("beside a broken one stays usable", async () => {
    await cp(bundle, join(root, "copy"), { recursive: true });
    const list = await listBundles([root]);
    expect(list.bundles).toHaveLength(1);
    expect(list.problems.map(({ code }) => code)).toEqual(["BUNDLE_UNSUPPORTED"]);
  });
});

describe("the scan of a graph", () => {
  const bytes = (...parts: (number | number[])[]) => Uint8Array.from(parts.flat());
  const field = (number: number, content: Uint8Array) =>
    bytes((number << 3) | 2, content.length, [...content]);
  const text = (value: string) => new TextEncoder().encode(value);
  const model = (graph: Uint8Array) => field(7, graph);

  it("passes the real graphs", async () => {
    for (const name of ["encoder", "decoder", "ar", "text"]) {
      const file = await readFile(join(bundle, `${name}.onnx`));
      expect(() => scanOnnx(file, name)).not.toThrow();
    }
  });

  it("refuses weights in another file, also inside a subgraph", () => {
    const tensor = field(13, text("location"));
    const location = bytes((14 << 3) | 0, 1);
    for (const weights of [tensor, location]) {
      expect(() => scanOnnx(model(field(5, weights)), "a")).toThrow(/another file/);
      const nested = field(1, field(5, field(6, field(5, weights))));
      expect(() => scanOnnx(model(nested), "a")).toThrow(/another file/);
    }
  });

  it("refuses operators of a custom library", () => {
    const node = field(1, field(7, text("evil.example")));
    expect(() => scanOnnx(model(node), "a")).toThrow(/evil.example/);
  });

  it("refuses what is no graph", async () => {
    const file = await readFile(join(bundle, "ar.onnx"));
    for (const bad of [new Uint8Array(0), text("hello there"), file.subarray(0, 5_000)]) {
      expect(() => scanOnnx(bad, "a")).toThrow(/ONNX graph/);
    }
  });
});
