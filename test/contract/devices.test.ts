import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { offeredProviders } from "../../src/engine/device/device";
import { whyAbsent } from "../../src/engine/device/graphics";
import { EngineProcess } from "../../src/host/engine-process";
import { createForkLauncher } from "../../src/host/fork-launcher";
import { createProcessProber } from "../../src/host/run-probe-process";
import { createEngineClient, subscribeTo } from "../../src/shared/client";
import type { GenerateJob } from "../../src/shared/jobs";
import { draws } from "../../src/shared/models";
import type { Prober } from "../../src/shared/probe";
import { zipOf } from "../support/zip";
import { debugModelId, debugModelsDir } from "../engine/debug-bundle";

const root = join(import.meta.dirname, "../..");
const childPath = join(root, "src/engine/child.ts");
const execArgv = ["--import", "tsx"];
const bundleFolder = join(debugModelsDir, debugModelId);
const fixture = (name: string) => join(import.meta.dirname, "fixtures", name);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spectral-devices-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const launcherOf = (path: string, args: readonly string[] = []) =>
  createForkLauncher({
    childPath: path,
    execArgv: args,
    modelsDir: debugModelsDir,
    sessionDir: join(folder, "session"),
    importedModelsDir: join(folder, "imported"),
    stateDir: folder,
  });

describe("a throw-away process", () => {
  const probe: Prober = (request) => createProcessProber(launcherOf(childPath, execArgv))(request);

  test("finds that the CPU computes the model, and how fast", async () => {
    const outcome = await probe({ bundleFolder, provider: "cpu" });
    expect(outcome).toMatchObject({ ok: true });
    expect(outcome).toHaveProperty("passMs", expect.any(Number));
  });

  test("says what is wrong with a model, and with a device that nobody knows", async () => {
    for (const request of [
      { bundleFolder: folder, provider: "cpu" },
      { bundleFolder, provider: "abacus" },
    ]) {
      const outcome = await probe(request);
      expect(outcome).toMatchObject({ ok: false, isCrash: false });
      expect(outcome).toHaveProperty("reason", expect.stringContaining("Expected"));
    }
  });

  test("that dies, or never answers, is an answer", async () => {
    const request = { bundleFolder, provider: "cpu" };
    const dead = await createProcessProber(launcherOf(fixture("dying-engine.js")))(request);
    expect(dead).toMatchObject({ ok: false, isCrash: true });
    expect(dead).toHaveProperty("reason", expect.stringContaining("exit code 1"));
    const silent = createProcessProber(launcherOf(fixture("silent-engine.js")), 300);
    expect(await silent(request)).toMatchObject({ ok: false, isCrash: true });
  });

  for (const provider of offeredProviders(process.platform, process.arch)) {
    if (provider === "cpu") continue;
    const absent = whyAbsent(provider);
    const title = `finds that ${provider} computes the model`;
    // A device that is there has to work; one that is not is told in the list of skipped tests.
    test.skipIf(absent !== null)(absent === null ? title : `${title} (${absent})`, async () => {
      const outcome = await probe({ bundleFolder, provider });
      expect(outcome).toMatchObject({ ok: true });
      const shipped = join(root, "models/studio-128");
      expect(await probe({ bundleFolder: shipped, provider })).toMatchObject({ ok: true });
    });
  }
});

describe("jobs on a device", () => {
  /** Runs a job in an engine of its own; gives the pixels of its variations, and the device's name. */
  async function draw(provider: string, requests: readonly Partial<GenerateJob>[]) {
    const engine = new EngineProcess({
      launcher: launcherOf(childPath, execArgv),
      log: () => undefined,
    });
    try {
      const api = createEngineClient(engine);
      const { actual } = await api.chooseDevice({ device: provider });
      const { modelId, sampling } = (await api.getEngineInfo({})).models.find(draws)!;
      const job = { kind: "generate", modelId, ...sampling, prompt: "a dog" } as const;
      const results: Uint8Array[][] = [];
      for (const changes of requests) {
        const others: Uint8Array[] = [];
        const stop = subscribeTo(engine, "job-variation", ({ rgba }) => others.push(rgba));
        const ended = new Promise<Uint8Array>((resolve, reject) => {
          subscribeTo(engine, "job-finished", ({ rgba }) => resolve(rgba));
          subscribeTo(engine, "job-failed", ({ error }) => reject(new Error(error.message)));
        });
        await api.startJob({ ...job, negativePrompt: "", seed: 5, ...changes });
        results.push([await ended, ...others]);
        stop();
      }
      return { actual, results };
    } finally {
      engine.dispose();
    }
  }

  for (const provider of offeredProviders(process.platform, process.arch)) {
    const absent = provider === "cpu" ? null : whyAbsent(provider);
    const title = `are drawn on ${provider}, and the same again, alone and unwatched`;
    test.skipIf(absent !== null)(absent === null ? title : `${title} (${absent})`, async () => {
      const { actual, results } = await draw(provider, [
        { variations: 3 },
        { variations: 3, previews: false },
        { variations: 1, firstVariation: 2 },
      ]);
      expect(actual.provider).toBe(provider);
      expect(actual.name).not.toBe("");
      const [first, again, alone] = results;
      expect(first).toHaveLength(3);
      expect(new Set(first!.map((rgba) => Buffer.from(rgba).toString("hex"))).size).toBe(3);
      expect(again).toEqual(first);
      expect(alone).toEqual(first!.slice(2));
    });
  }
});

describe("the engine process", () => {
  test("has devices tried and models checked by its host, and tells of changes", async () => {
    const engine = new EngineProcess({
      launcher: launcherOf(childPath, execArgv),
      log: () => undefined,
    });
    try {
      const api = createEngineClient(engine);
      const { devices, actual } = await api.listDevices({});
      expect(devices.map(({ provider }) => provider)).toContain(actual.provider);
      await expect(api.chooseDevice({ device: "abacus" })).rejects.toMatchObject({
        code: "REQUEST_INVALID",
      });

      // Only the host can start the process that a foreign model is checked in.
      const changed = new Promise((resolve) => engine.subscribe("models-changed", resolve));
      const names = ["encoder", "decoder", "ar", "text"].map((name) => `${name}.onnx`);
      const manifest = JSON.parse(readFileSync(join(bundleFolder, "model.json"), "utf8")) as {
        enlarge?: { file: string }[];
      };
      const enlarge = (manifest.enlarge ?? []).map(({ file }) => file);
      const text = JSON.stringify({ ...manifest, id: "another" });
      const bytes = zipOf([
        { name: "model.json", content: new TextEncoder().encode(text) },
        ...[...names, ...enlarge, "golden.json", "tokenizer.json"].map((name) => ({
          name,
          content: Uint8Array.from(readFileSync(join(bundleFolder, name))),
        })),
      ]);
      const model = await api.importBundle({ name: "another.zip", bytes });
      expect(model).toMatchObject({ modelId: "another", isShipped: false });
      expect(await changed).toMatchObject({
        models: [{ isShipped: true }, { modelId: "another" }],
      });
      // Its check is remembered: loading it costs no second one.
      const known = JSON.parse(readFileSync(join(folder, "devices.json"), "utf8")) as {
        verified: string[];
      };
      expect(known.verified).toEqual([expect.stringContaining(`cpu/${model.sha256}/`)]);
    } finally {
      engine.dispose();
    }
  });
});
