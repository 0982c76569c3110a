import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Raster } from "../../src/core/raster";
import { findOutsideChange } from "../../src/core/verify";
import { NO_METADATA } from "../../src/engine/files/metadata";
import { readPicture } from "../../src/engine/files/read-picture";
import { writePicture } from "../../src/engine/files/write-picture";
import { EngineProcess } from "../../src/host/engine-process";
import { createForkLauncher } from "../../src/host/fork-launcher";
import type { EngineApi } from "../../src/shared/api";
import { createEngineClient, subscribeTo } from "../../src/shared/client";
import type { EditJob } from "../../src/shared/jobs";
import { draws } from "../../src/shared/models";
import { debugModelsDir } from "../engine/debug-bundle";
import { testPicture } from "../engine/pictures";
import { findSoftwareGraphics } from "../support/chromium";

/**
 * What a graphics card computes, on machines without one: WebGPU on a Vulkan in software. It goes the
 * same way through runtime and engine, only slowly, so there is little to draw.
 */
const variables = await findSoftwareGraphics();
const title =
  "jobs on WebGPU are checked, named, the same again, and move to the CPU without a restart";

let folder: string;
let engine: EngineProcess;
let api: EngineApi;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "spectral-graphics-"));
  for (const [name, value] of Object.entries(variables ?? {})) vi.stubEnv(name, value);
  const launcher = createForkLauncher({
    childPath: join(import.meta.dirname, "../../src/engine/child.ts"),
    execArgv: ["--import", "tsx"],
    modelsDir: debugModelsDir,
    sessionDir: join(folder, "session"),
    stateDir: folder,
  });
  engine = new EngineProcess({ launcher, log: () => undefined });
  api = createEngineClient(engine);
});
afterAll(() => {
  engine.dispose();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function draw(job: EditJob): Promise<Uint8Array[]> {
  const others: Uint8Array[] = [];
  const stop = subscribeTo(engine, "job-variation", ({ rgba }) => others.push(rgba));
  const ended = new Promise<Uint8Array>((resolve, reject) => {
    subscribeTo(engine, "job-finished", ({ rgba }) => resolve(rgba));
    subscribeTo(engine, "job-failed", ({ error }) => reject(new Error(error.message)));
  });
  const { jobId } = await api.startJob(job);
  const pictures = [await ended, ...others];
  stop();
  await api.acceptResult({ jobId });
  return pictures;
}

test.skipIf(variables === null)(
  variables === null ? `${title} (there is no software graphics for this platform)` : title,
  async () => {
    const restarts: unknown[] = [];
    engine.subscribe("engine-restarted", (event) => restarts.push(event));
    const { actual } = await api.chooseDevice({ device: "webgpu" });
    expect(actual.provider).toBe("webgpu");
    expect(actual.name).toContain("WebGPU");

    const original: Raster = testPicture(40, 40, 3, 8);
    const png = { format: "png", quality: 100, metadata: NO_METADATA, recipe: null } as const;
    const bytes = await writePicture(original, png);
    const { documentId } = await api.openDocument({ name: "a.png", bytes });
    const { modelId, sampling } = (await api.getEngineInfo({})).models.find(draws)!;
    const mask = { rect: { x: 3, y: 3, width: 4, height: 4 }, alpha: new Uint8Array(16).fill(255) };
    const job: EditJob = {
      kind: "edit",
      documentId,
      modelId,
      mask,
      frozenScales: 2,
      feather: 0,
      prompt: "a flower",
      negativePrompt: "",
      seed: 4,
      ...sampling,
    };
    const pictures = await draw({ ...job, variations: 2 });
    const options = { documentId, format: "png", quality: 100, embedRecipe: false } as const;
    const edited = await readPicture((await api.exportDocument(options)).bytes, "a.png");
    expect(findOutsideChange(edited.raster, original, mask)).toBeNull();
    await api.undo({ documentId });
    const alone = await draw({ ...job, firstVariation: 1, previews: false });
    expect(alone).toEqual(pictures.slice(1));
    await api.undo({ documentId });

    expect((await api.chooseDevice({ device: "cpu" })).actual.provider).toBe("cpu");
    expect(await draw(job)).toHaveLength(1);
    expect(restarts).toEqual([]);
  },
  300_000,
);
