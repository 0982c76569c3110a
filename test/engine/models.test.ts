import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DeviceMemory } from "../../src/engine/device/device-memory.js";
import { Devices } from "../../src/engine/device/devices.js";
import { Models } from "../../src/engine/models.js";
import { modelIdSchema } from "../../src/shared/ids.js";
import { debugModelId, debugModelsDir } from "./debug-bundle.js";

const modelId = modelIdSchema.parse(debugModelId);
let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "spectral-models-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Models of a machine whose WebGPU passes every probe; its sessions are only made when they run. */
function machine(modelsDir = debugModelsDir) {
  const memory = new DeviceMemory(join(root, "devices.json"), "1");
  const changes: string[] = [];
  const devices = new Devices({
    wanted: null,
    offered: ["webgpu", "cpu"],
    memory,
    prober: async ({ provider }) => ({ ok: true, deviceName: provider, passMs: 5 }),
    whyAbsent: () => null,
    onChange: ({ provider }) => changes.push(provider),
  });
  const models = new Models({ modelsDir, importedModelsDir: null, devices, memory });
  return { models, devices, memory, changes };
}

describe("a loaded model", () => {
  it("moves to a device that is chosen, before the next job and without a restart", async () => {
    const { models, devices } = machine();
    const subject = await models.bundle(modelId);
    const first = await models.load(modelId);
    expect(first.model.provider).toBe("cpu");
    expect(await models.load(modelId)).toBe(first);
    await devices.choose("webgpu", subject);
    const moved = await models.load(modelId);
    expect(moved.model.provider).toBe("webgpu");
    expect(models.loadedOn(modelId)).toMatchObject({ provider: "webgpu" });
    await devices.choose("cpu", subject);
    expect((await models.load(modelId)).model.provider).toBe("cpu");
    await models.dispose();
  });

  it("is the CPU's in a second run; a device that died is not taken again", async () => {
    const { models, devices, changes } = machine();
    await devices.choose("webgpu", await models.bundle(modelId));
    const tooLittle = { code: "OUT_OF_MEMORY", message: "full" } as const;
    expect((await models.load(modelId, tooLittle)).model.provider).toBe("cpu");
    expect((await models.load(modelId)).model.provider).toBe("webgpu");
    const died = { code: "ENGINE_DIED", message: "signal SIGSEGV" } as const;
    expect((await models.load(modelId, died)).model.provider).toBe("cpu");
    expect((await models.load(modelId)).model.provider).toBe("cpu");
    expect(changes).toEqual(["webgpu", "cpu"]);
    expect(devices.problem?.message).toContain("SIGSEGV");
    await models.dispose();
  });

  it("is checked against its recorded outputs once, and not again at the next start", async () => {
    const bundle = join(root, "models", debugModelId);
    await cp(join(debugModelsDir, debugModelId), bundle, { recursive: true });
    const first = machine(join(root, "models"));
    await first.models.load(modelId);
    await first.models.dispose();
    const { sha256 } = await first.models.bundle(modelId);
    const known = await readFile(join(root, "devices.json"), "utf8");
    expect(JSON.parse(known)).toMatchObject({ verified: [`cpu/${sha256}/1`] });

    // What is remembered is believed: the recorded outputs are not even read.
    const later = machine(join(root, "models"));
    await later.models.bundle(modelId);
    await writeFile(join(bundle, "golden.json"), "{}");
    await later.models.load(modelId);
    await later.models.dispose();
    await rm(join(root, "devices.json"));
    const forgetful = machine(join(root, "models"));
    await expect(forgetful.models.load(modelId)).rejects.toMatchObject({ code: "BUNDLE_MISSING" });
  });
});
