import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeviceInfo } from "../../shared/models.js";
import type { ProbeOutcome } from "../../shared/probe.js";
import { describeProvider, offeredProviders, sessionOptions, type Provider } from "./device.js";
import { DeviceMemory } from "./device-memory.js";
import { Devices } from "./devices.js";
import { driverVersion, macGraphicsName, nvidiaModel } from "./graphics.js";

const subject = { folder: "/models/a", sha256: "a".repeat(64) };
const another = { ...subject, sha256: "b".repeat(64) };
const ready = (passMs: number): ProbeOutcome => ({ ok: true, deviceName: "Card (X)", passMs });
const fails: ProbeOutcome = { ok: false, reason: "it differs by 3", isCrash: false };
const crashes: ProbeOutcome = { ok: false, reason: "signal SIGSEGV", isCrash: true };

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectral-devices-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Devices of a machine where probes end as told; `version` is that of runtime and driver. */
function machine(
  outcomes: Partial<Record<Provider, ProbeOutcome>>,
  { wanted = null as string | null, version = "1", absent = [] as Provider[] } = {},
) {
  const probed: Provider[] = [];
  const changes: [DeviceInfo["provider"], string | null][] = [];
  const devices = new Devices({
    wanted,
    offered: ["cuda", "webgpu", "cpu"],
    memory: new DeviceMemory(join(folder, "devices.json"), version),
    prober: async ({ provider }) => {
      const known = provider as Provider;
      probed.push(known);
      return outcomes[known] ?? fails;
    },
    whyAbsent: (provider) => (absent.includes(provider) ? "there is none" : null),
    onChange: ({ provider }, reason) => changes.push([provider, reason]),
  });
  return { devices, probed, changes };
}

describe("auto", () => {
  it("takes the fastest device that passes, and remembers it", async () => {
    const outcomes = { cuda: ready(50), webgpu: ready(9), cpu: ready(700) };
    const first = machine(outcomes);
    expect(await first.devices.providerFor(subject)).toBe("cpu");
    await first.devices.explore(subject);
    expect(first.probed).toEqual(["cuda", "webgpu", "cpu"]);
    expect(first.changes).toEqual([["webgpu", null]]);
    expect(first.devices.actual).toEqual({ name: "Card (X)", provider: "webgpu" });

    const later = machine(outcomes);
    expect(await later.devices.providerFor(subject)).toBe("webgpu");
    await later.devices.explore(subject);
    expect(later.probed).toEqual([]);
  });

  it("stays on the CPU if that is the fastest, or the only one that passes", async () => {
    const slow = machine({ cuda: ready(900), cpu: ready(700) });
    await slow.devices.explore(subject);
    expect(await slow.devices.providerFor(subject)).toBe("cpu");
    expect(slow.changes).toEqual([]);
  });

  it("tries nothing where the CPU has no rival", async () => {
    const { devices, probed } = machine({}, { absent: ["cuda", "webgpu"] });
    await devices.explore(subject);
    expect(probed).toEqual([]);
    expect(await devices.list(subject)).toMatchObject([
      { provider: "cuda", state: "failed", reason: "there is none", isAbsent: true },
      { provider: "webgpu", state: "failed", isAbsent: true },
      { provider: "cpu", state: "untested", isAbsent: false },
    ]);
  });

  it("tries anew for another model, and after an update of runtime or driver", async () => {
    await machine({ webgpu: ready(9), cpu: ready(70) }).devices.explore(subject);
    const updated = machine({ webgpu: ready(9), cpu: ready(70) }, { version: "2" });
    await updated.devices.explore(subject);
    expect(updated.probed).toEqual(["cuda", "webgpu", "cpu"]);
    const other = machine({});
    await other.devices.explore({ ...subject, sha256: "b".repeat(64) });
    expect(other.probed).toEqual(["cuda", "webgpu", "cpu"]);
  });
});

describe("a chosen device", () => {
  it("is tried once, used without a restart, and remembered", async () => {
    const { devices, probed, changes } = machine({ webgpu: ready(9) });
    await devices.choose("WebGPU", subject);
    expect(changes).toEqual([["webgpu", null]]);
    await devices.choose("cpu", subject);
    await devices.choose("webgpu", subject);
    expect(changes.map(([provider]) => provider)).toEqual(["webgpu", "cpu", "webgpu"]);
    expect(probed).toEqual(["webgpu"]);
    expect(await machine({}).devices.chosen()).toBe("webgpu");
    expect(await machine({}, { wanted: "cpu" }).devices.chosen()).toBe("cpu");
  });

  it("that fails its check leaves the CPU in use and says why; it may be tried again", async () => {
    const { devices, probed, changes } = machine({ webgpu: fails });
    await devices.choose("webgpu", subject);
    expect(changes).toEqual([["cpu", expect.stringContaining("it differs by 3")]]);
    await devices.providerFor(subject);
    expect(changes).toHaveLength(1);
    expect(devices.actual.provider).toBe("cpu");
    expect(devices.problem).toMatchObject({ code: "NOT_AVAILABLE" });
    expect(devices.problem?.message).toContain("it differs by 3");
    await devices.choose("webgpu", subject);
    expect(probed).toEqual(["webgpu", "webgpu"]);
  });

  it("that crashed is left alone, with every model, until its version changes", async () => {
    const first = machine({ cuda: crashes });
    await first.devices.choose("cuda", subject);
    expect(await first.devices.providerFor(another)).toBe("cpu");
    await first.devices.choose("cuda", another, true);
    await first.devices.choose("auto", subject);
    expect(first.probed.filter((provider) => provider === "cuda")).toEqual(["cuda"]);
    const updated = machine({ cuda: ready(5) }, { version: "2" });
    await updated.devices.choose("cuda", subject);
    expect(updated.devices.actual.provider).toBe("cuda");
  });

  it("that crashed is checked anew with every model if a person chooses it again", async () => {
    const { devices, probed, changes } = machine({ webgpu: ready(9), cpu: ready(70) });
    await devices.choose("webgpu", subject);
    const died = "Expected the engine to finish but its process ended (exit code 1). Run it again.";
    await devices.distrust("webgpu", another, died, true);
    expect(devices.problem?.message).toMatch(
      /died or hung \(Expected .* ended \(exit code 1\)\); the CPU is used\. Choose WebGPU again/,
    );
    // Neither another start nor another job is anybody's choice.
    await devices.choose("webgpu", subject, true);
    expect([await devices.providerFor(subject), await devices.providerFor(another)]).toEqual([
      "cpu",
      "cpu",
    ]);
    expect(probed).toEqual(["webgpu"]);

    await devices.choose("webgpu", subject);
    expect([devices.actual.provider, devices.problem]).toEqual(["webgpu", null]);
    expect(probed).toEqual(["webgpu", "webgpu"]);
    expect(await devices.providerFor(another)).toBe("webgpu");
    expect(probed).toEqual(["webgpu", "webgpu", "webgpu"]);
    expect(changes.map(([provider]) => provider)).toEqual(["webgpu", "cpu", "webgpu"]);
    expect(await machine({}).devices.providerFor(another)).toBe("webgpu");
  });

  it("that crashes again, or then computes wrongly, is not used", async () => {
    const outcomes = { webgpu: crashes };
    const { devices } = machine(outcomes);
    await devices.choose("webgpu", subject);
    await devices.choose("webgpu", subject);
    expect(devices.actual.provider).toBe("cpu");
    expect(devices.problem?.message).toMatch(/SIGSEGV.*Choose WebGPU again/);
    outcomes.webgpu = fails;
    await devices.choose("webgpu", subject);
    expect(await devices.providerFor(subject)).toBe("cpu");
    expect(devices.problem?.message).toContain("it failed its check (it differs by 3)");
  });

  it("that crashed is tried with the first model there is, if there was none to try it with", async () => {
    const first = machine({ webgpu: crashes });
    await first.devices.choose("webgpu", subject);
    const { devices, probed } = machine({ webgpu: ready(9) });
    await devices.choose("webgpu", null);
    expect(await devices.providerFor(subject)).toBe("webgpu");
    expect(probed).toEqual(["webgpu"]);
  });

  it("that this system does not offer is refused, and at the start replaced by the CPU", async () => {
    const { devices } = machine({});
    await expect(devices.choose("coreml", subject)).rejects.toThrow(/auto, cuda, webgpu, cpu/);
    const started = machine({}, { wanted: "abacus" });
    expect(await started.devices.providerFor(subject)).toBe("cpu");
    expect(started.devices.problem?.message).toContain("abacus");
  });

  it("that fails in the middle of a job is not taken again", async () => {
    const { devices, changes } = machine({ webgpu: ready(9), cpu: ready(70) });
    await devices.choose("auto", subject);
    await devices.distrust("webgpu", subject, "wrong pixels", false);
    expect(await devices.providerFor(subject)).toBe("cpu");
    expect(changes).toEqual([
      ["webgpu", null],
      ["cpu", expect.stringContaining("wrong pixels")],
    ]);
    expect((await devices.list(subject))[1]).toMatchObject({ state: "failed" });
  });

  it("is not used before it is tried, where no process can be had to try it in", async () => {
    const devices = new Devices({
      wanted: "webgpu",
      offered: ["webgpu", "cpu"],
      memory: new DeviceMemory(null, "1"),
      prober: null,
      whyAbsent: () => null,
      onChange: () => undefined,
    });
    expect(await devices.providerFor(subject)).toBe("cpu");
    expect(devices.problem?.message).toMatch(/process of its own/);
  });
});

describe("what is known of devices", () => {
  it("survives a damaged file, which costs a new probe", async () => {
    const path = join(folder, "devices.json");
    for (const text of ["", "{", '{"format":"spectral-devices"}', "[]"]) {
      await writeFile(path, text);
      const memory = new DeviceMemory(path, "1");
      expect(await memory.find("cuda", "a")).toBeNull();
      await memory.record("cuda", "a", ready(3));
      expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
        records: [{ bundle: "a" }],
      });
    }
  });

  it("includes what was verified here without being measured", async () => {
    const path = join(folder, "devices.json");
    await new DeviceMemory(path, "1").noteVerified("cpu", "a");
    expect(await new DeviceMemory(path, "1").isVerified("cpu", "a")).toBe(true);
    expect(await new DeviceMemory(path, "1").isVerified("cpu", "b")).toBe(false);
    expect(await new DeviceMemory(path, "2").isVerified("cpu", "a")).toBe(false);
  });

  it("does not need a folder that can be written", async () => {
    const memory = new DeviceMemory(join(folder, "devices.json", "x", "y"), "1");
    await writeFile(join(folder, "devices.json"), "");
    await memory.record("cuda", "a", ready(3));
    expect(await memory.find("cuda", "a")).toEqual(ready(3));
  });
});

describe("a system", () => {
  it("offers its own devices, the CPU always and last", () => {
    for (const [platform, arch, first] of [
      ["linux", "x64", "cuda"],
      ["linux", "arm64", "cpu"],
      ["win32", "x64", "dml"],
      ["darwin", "arm64", "webgpu"],
      ["freebsd", "x64", "cpu"],
    ] as const) {
      const offered = offeredProviders(platform, arch);
      expect(offered[0]).toBe(first);
      expect(offered.at(-1)).toBe("cpu");
    }
  });

  it("is asked for each provider in the provider's own terms", () => {
    expect(sessionOptions("dml")).toMatchObject({
      executionProviders: ["dml"],
      enableMemPattern: false,
      executionMode: "sequential",
    });
    expect(sessionOptions("cpu")).not.toHaveProperty("enableMemPattern");
  });

  it("names its graphics card where it tells one", () => {
    expect(nvidiaModel("Model: \t\t NVIDIA H200\nIRQ: 1")).toBe("NVIDIA H200");
    expect(nvidiaModel("")).toBe("");
    expect(macGraphicsName("    Apple M2:\n      Chipset Model: Apple M2\n")).toBe("Apple M2");
    expect(describeProvider("cuda", "NVIDIA H200")).toBe("NVIDIA H200 (CUDA)");
    expect(describeProvider("webgpu")).toBe("WebGPU");
    expect(driverVersion("6.1")).toMatch(/^[\w.+-]+$/);
  });
});
