import { beforeAll, describe, expect, it, vi } from "vitest";
import { EnlargingModel } from "../../src/engine/bundle/enlarging-model.js";
import { estimateMemory } from "../../src/engine/bundle/memory.js";
import { LoadedModels } from "../../src/engine/loaded-models.js";
import type { EnlargingManifest } from "../../src/shared/bundle-manifest.js";
import { modelIdSchema } from "../../src/shared/ids.js";
import { enlargingManifest } from "./enlarging-bundle.js";

let manifest: EnlargingManifest;
beforeAll(async () => {
  manifest = await enlargingManifest("any");
});

/** A machine with memory for so many models, and what happens on it, in order. */
function machine(room: number) {
  // Nine tenths of a machine's memory are for models; a little more, since sums are not exact.
  const models = new LoadedModels(((room + 0.01) * estimateMemory(manifest)) / 0.9);
  const happened: string[] = [];
  const start = async (name: string, about = manifest) => {
    const id = modelIdSchema.parse(name);
    const bundle = { folder: id, sha256: id, layout: null, manifest: { ...about, id } };
    const use = models.use(bundle, "cpu", async () => {
      happened.push(`load ${id}`);
      const model = new EnlargingModel(bundle, "cpu");
      vi.spyOn(model, "release").mockImplementation(async () => {
        await new Promise(setImmediate);
        happened.push(`free ${id}`);
      });
      return { model, prompts: null };
    });
    await use.model;
    return use;
  };
  const run = async (id: string) => (await start(id)).giveBack();
  return { models, happened, start, run };
}

describe("models that nobody uses", () => {
  it("stay in memory as long as there is room", async () => {
    const { happened, run } = machine(2);
    for (const id of ["a", "b", "a", "b"]) await run(id);
    expect(happened).toEqual(["load a", "load b"]);
  });

  it("make room for the next one, least recently used first and before it is loaded", async () => {
    const { happened, run } = machine(2);
    for (const id of ["a", "b", "a", "c", "a"]) await run(id);
    expect(happened).toEqual(["load a", "load b", "free b", "load c"]);
  });

  it("all go when they must", async () => {
    const { models, happened, run } = machine(1);
    for (const id of ["a", "b", "c"]) await run(id);
    expect(happened).toEqual(["load a", "free a", "load b", "free b", "load c"]);
    await models.dispose();
    expect(happened.at(-1)).toBe("free c");
  });
});

describe("models that are in use", () => {
  it("stay, whatever else is asked for, and there is an error with all numbers", async () => {
    const { happened, start, run } = machine(2);
    const first = await start("a");
    await run("b");
    const second = await start("c");
    const needed = estimateMemory(manifest);
    await expect(run("d")).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      message: expect.stringMatching(
        /model d to fit .* beside models at work that take about \d+ MB but .* wait until they are done/,
      ),
      details: { modelId: "d", neededBytes: needed, usedBytes: 2 * needed },
    });
    expect(happened).toEqual(["load a", "load b", "free b", "load c"]);
    first.giveBack();
    await run("d");
    expect(happened.slice(4)).toEqual(["free a", "load d"]);
    second.giveBack();
  });

  it("do not send away others in vain", async () => {
    const { happened, start, run } = machine(2);
    await run("a");
    // More than one place, and less than the two that there are.
    const [network, ...others] = manifest.enlarge;
    if (network === undefined) throw new RangeError("the debug bundle has networks");
    const bytes = network.bytes + estimateMemory(manifest) / 4;
    const large = { ...manifest, enlarge: [{ ...network, bytes }, ...others] };
    const use = await start("b");
    await expect(start("c", large)).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    await run("a");
    expect(happened).toEqual(["load a", "load b"]);
    use.giveBack();
  });
});
