import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import { expect, test } from "vitest";
import type { EngineLauncher } from "../../src/host/engine-launcher";
import { EngineProcess } from "../../src/host/engine-process";
import { createForkLauncher } from "../../src/host/fork-launcher";
import { createEngineClient, subscribeTo } from "../../src/shared/client";
import { draws } from "../../src/shared/models";
import { debugModelsDir } from "../engine/debug-bundle";

const childPath = join(import.meta.dirname, "../../src/engine/child.ts");
const VARIATIONS = 16;
/** What a message has beside its pixels. */
const REST_BYTES = 4096;

/** Tells how large every message of its processes is. */
function weighed(launcher: EngineLauncher, onBytes: (bytes: number) => void): EngineLauncher {
  return {
    ...launcher,
    launch: () => {
      const child = launcher.launch();
      return {
        ...child,
        onMessage: (listener) =>
          child.onMessage((message) => {
            onBytes(serialize(message).byteLength);
            listener(message);
          }),
      };
    },
  };
}

test("no message of a job of sixteen variations is larger than one picture", async () => {
  const sessionDir = mkdtempSync(join(tmpdir(), "spectral-test-"));
  const execArgv = ["--import", "tsx"];
  const launcher = createForkLauncher({
    childPath,
    execArgv,
    modelsDir: debugModelsDir,
    sessionDir,
  });
  const sizes: number[] = [];
  const engine = new EngineProcess({
    launcher: weighed(launcher, (bytes) => sizes.push(bytes)),
    log: () => undefined,
  });
  try {
    const api = createEngineClient(engine);
    const { models } = await api.getEngineInfo({});
    const { modelId, sampling } = models.find(draws)!;
    const pictures: number[] = [];
    subscribeTo(engine, "job-variation", ({ variation }) => pictures.push(variation));
    const ended = new Promise<{ rgba: Uint8Array }>((resolve, reject) => {
      subscribeTo(engine, "job-finished", resolve, reject);
      subscribeTo(engine, "job-failed", ({ error }) => reject(new Error(error.message)));
    });
    const prompts = { prompt: "a dog", negativePrompt: "", seed: 1 };
    await api.startJob({
      ...{ kind: "generate", modelId, factor: 8, variations: VARIATIONS },
      ...{ ...prompts, ...sampling },
    });
    const { rgba } = await ended;
    expect(pictures).toEqual(Array.from({ length: VARIATIONS - 1 }, (_, index) => index + 1));
    expect(Math.max(...sizes)).toBeGreaterThan(rgba.byteLength);
    expect(Math.max(...sizes)).toBeLessThan(rgba.byteLength + REST_BYTES);
  } finally {
    engine.dispose();
    rmSync(sessionDir, { recursive: true, force: true, maxRetries: 5 });
  }
});
