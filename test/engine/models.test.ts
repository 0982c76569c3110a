import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DeviceMemory } from "../../src/engine/device/device-memory.js";
import { Devices } from "../../src/engine/device/devices.js";
import type { LoadedModel } from "../../src/engine/jobs/prompts.js";
import { Models, type EarlierFailure } from "../../src/engine/models.js";
import { modelIdSchema } from "../../src/shared/ids.js";
import { debugModelId, debugModelsDir } from "./debug-bundle.js";

const modelId = modelIdSchema.parse(debugModelId);
let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "spectral-models-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A call that nobody cancels. */
const wanted = () => ({ signal: new AbortController().signal });

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
  const load = (failure?: EarlierFailure) =>
    models.use(modelId, { ...wanted(), ...(failure && { failure }) }, async (loaded) => loaded);
  return { models, devices, memory, changes, load };
}

describe("a loaded model", () => {
  it("moves to a device that is chosen, before the next job and without a restart", async () => {
    const { models, devices, load } = machine();
    const subject = await models.bundle(modelId);
    const first = await load();
    expect(first.model.provider).toBe("cpu");
    expect(await load()).toBe(first);
    await devices.choose("webgpu", subject);
    const moved = await load();
    expect(moved.model.provider).toBe("webgpu");
    await devices.choose("cpu", subject);
    expect((await load()).model.provider).toBe("cpu");
    await models.dispose();
  });

  it("is the CPU's in a second run; a device that died is not taken again", async () => {
    const { models, devices, changes, load } = machine();
    await devices.choose("webgpu", await models.bundle(modelId));
    const tooLittle = { code: "OUT_OF_MEMORY", message: "full" } as const;
    expect((await load(tooLittle)).model.provider).toBe("cpu");
    expect((await load()).model.provider).toBe("webgpu");
    const died = { code: "ENGINE_DIED", message: "signal SIGSEGV" } as const;
    expect((await load(died)).model.provider).toBe("cpu");
    expect((await load()).model.provider).toBe("cpu");
    expect(changes).toEqual(["webgpu", "cpu"]);
    expect(devices.problem?.message).toContain("SIGSEGV");

    // Until a person chooses it again, and it passes its check.
    await devices.choose("webgpu", await models.bundle(modelId));
    expect((await load()).model.provider).toBe("webgpu");
    expect(devices.problem).toBeNull();
    await models.dispose();
  });

  it("is checked against its recorded outputs once, and not again at the next start", async () => {
    const bundle = join(root, "models", debugModelId);
    await cp(join(debugModelsDir, debugModelId), bundle, { recursive: true });
    const first = machine(join(root, "models"));
    await first.load();
    await first.models.dispose();
    const { sha256 } = await first.models.bundle(modelId);
    const known = await readFile(join(root, "devices.json"), "utf8");
    expect(JSON.parse(known)).toMatchObject({ verified: [`cpu/${sha256}/1`] });

    // What is remembered is believed: the recorded outputs are not even read.
    const later = machine(join(root, "models"));
    await later.models.bundle(modelId);
    await writeFile(join(bundle, "golden.json"), "{}");
    await later.load();
    await later.models.dispose();
    await rm(join(root, "devices.json"));
    const forgetful = machine(join(root, "models"));
    await expect(forgetful.load()).rejects.toMatchObject({ code: "BUNDLE_MISSING" });
  });
});

describe("a model that somebody uses", () => {
  /** A use that goes on until it is told to end. */
  async function startUse({ models }: ReturnType<typeof machine>) {
    let end = (): void => undefined;
    const until = new Promise<void>((resolve) => (end = resolve));
    let started = (_: LoadedModel): void => undefined;
    const starting = new Promise<LoadedModel>((resolve) => (started = resolve));
    const done = models.use(modelId, wanted(), async (loaded) => {
      started(loaded);
      await until;
    });
    const { model } = await starting;
    return { model, release: vi.spyOn(model, "release"), end, done };
  }

  it("stays on its device until it is done, while others have it on another one", async () => {
    const here = machine();
    const use = await startUse(here);
    await here.devices.choose("webgpu", await here.models.bundle(modelId));
    const moved = await here.load();
    expect([use.model.provider, moved.model.provider]).toEqual(["cpu", "webgpu"]);
    expect(use.release).not.toHaveBeenCalled();
    use.end();
    await use.done;
    await vi.waitFor(() => expect(use.release).toHaveBeenCalledOnce());
    expect(await here.load()).toBe(moved);
    await here.models.dispose();
  });

  it("is not released, and who asks for it is told why; after that it is", async () => {
    const here = machine();
    const use = await startUse(here);
    const other = await startUse(here);
    for (const { end, done } of [use, other]) {
      await expect(here.models.release(modelId)).rejects.toMatchObject({
        code: "NOT_AVAILABLE",
        message: expect.stringContaining("at work"),
      });
      expect(use.release).not.toHaveBeenCalled();
      end();
      await done;
    }
    await here.models.release(modelId);
    expect(use.release).toHaveBeenCalledOnce();
  });

  it("is waited for when everything ends", async () => {
    const here = machine();
    const use = await startUse(here);
    const disposed = here.models.dispose();
    await here.devices.list(null);
    expect(use.release).not.toHaveBeenCalled();
    use.end();
    await disposed;
    expect(use.release).toHaveBeenCalledOnce();
  });

  it("is given back by work that fails, and by a job that was cancelled while it loaded", async () => {
    const here = machine();
    const failing = here.models.use(modelId, wanted(), () => Promise.reject(new Error("broken")));
    await expect(failing).rejects.toThrow("broken");
    await here.models.release(modelId);
    const controller = new AbortController();
    const work = vi.fn(async () => undefined);
    const cancelled = here.models.use(modelId, { signal: controller.signal }, work);
    controller.abort();
    await expect(cancelled).rejects.toThrow(/cancelled/);
    await here.models.release(modelId);
    expect(work).not.toHaveBeenCalled();
  });
});
