import { describe, expect, it } from "vitest";
import { LANGUAGES } from "../../shared/settings.js";
import { DevicesController, type Devices } from "./devices.svelte.js";
import { languageName } from "./language-name.js";
import { MEMORY_STEPS, memoryFromStep, stepFromMemory } from "./memory-steps.js";
import { TextSource } from "./text-source.svelte.js";

const devices: Devices = {
  chosen: "auto",
  actual: { name: "A processor", provider: "cpu" },
  devices: [{ provider: "cpu", name: "A processor", state: "ready", reason: null, passMs: 40 }],
};

describe("parts of the settings", () => {
  it("name each language in its own words", () => {
    expect(LANGUAGES.map(languageName)).toEqual([
      "English",
      "Deutsch",
      "Français",
      "Español",
      "日本語",
      "中文",
    ]);
  });

  it("have a stop of memory for every size, and give the nearest for sizes of other origin", () => {
    MEMORY_STEPS.forEach((size, step) => {
      expect([stepFromMemory(size), memoryFromStep(step)]).toEqual([step, size]);
    });
    expect(memoryFromStep(stepFromMemory(2_100))).toBe(2_048);
    expect([memoryFromStep(-1), memoryFromStep(999)]).toEqual([256, 65_536]);
  });

  it("ask for devices again after a failure, and keep what is known meanwhile", async () => {
    const errors: unknown[] = [];
    let isBroken = true;
    const api = {
      listDevices: async () => {
        if (isBroken) throw new Error("no driver");
        return devices;
      },
    };
    const controller = new DevicesController(api, (error) => errors.push(error));
    await controller.load();
    expect([controller.state.kind, errors.length]).toEqual(["failed", 1]);
    isBroken = false;
    await controller.load();
    const again = controller.load();
    expect(controller.state.kind).toBe("known");
    await again;
  });

  it("read a long text when it is looked at, and tell a failure", async () => {
    const errors: unknown[] = [];
    const answers = [() => Promise.reject(new Error("gone")), () => Promise.resolve("MIT")];
    const source = new TextSource(
      () => (answers.shift() ?? (() => Promise.resolve("")))(),
      (error) => errors.push(error),
    );
    await source.load();
    expect([source.state.kind, errors.length]).toEqual(["failed", 1]);
    await source.load();
    expect(source.state).toEqual({ kind: "known", text: "MIT" });
  });
});
