import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createCommonMethods } from "../../src/host/common-methods";
import { configFolder } from "../../src/host/config-folder";
import { Emitter } from "../../src/host/emitter";
import { createForkLauncher } from "../../src/host/fork-launcher";
import { Log } from "../../src/host/log";
import { SettingsStore } from "../../src/host/settings-store";
import { AppError } from "../../src/core/errors";
import type { EngineApi } from "../../src/shared/api";
import { DEFAULT_SETTINGS } from "../../src/shared/settings";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spectral-common-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rethrow = (error: unknown) => {
  throw error;
};
const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

/** A host's common part over an engine whose devices are `auto`, `cpu` and a broken `gpu`. */
function setUp() {
  const chosen: string[] = [];
  const engine = {
    chooseDevice: async ({ device, isRestored }: { device: string; isRestored?: boolean }) => {
      if (device === "gpu") throw new AppError("NOT_AVAILABLE", "Expected a graphics card.");
      chosen.push(isRestored === true ? `${device} again` : device);
    },
    getEngineInfo: async () => ({
      models: [{ modelId: "studio-128", name: "Grandma at /home/ada", licence: "MIT" }],
      modelProblems: [{ code: "BUNDLE_DAMAGED", message: "/home/ada/models is damaged" }],
      device: { name: "A processor", provider: "cpu" },
    }),
    listDevices: async () => {
      throw new AppError("NOT_AVAILABLE", "Expected devices.");
    },
  };
  const engineEvents = new Emitter(rethrow);
  const events = new Emitter(rethrow);
  const told: unknown[] = [];
  events.subscribe("settings-changed", (settings) => told.push(settings));
  const log = new Log({ path: null, now: () => new Date(0) });
  const methods = createCommonMethods({
    jobs: {
      list: async () => ({ jobs: [] }),
      readPicture: () => Promise.reject(new Error("no job")),
      readPreview: () => Promise.reject(new Error("no job")),
    },
    identity: { host: "loopback", version: "1.2.3" },
    // Proof of the cast: the methods under test call only these.
    engine: engine as unknown as EngineApi,
    engineEvents,
    events,
    store: new SettingsStore(folder),
    log,
    licencesPath: join(folder, "licences.txt"),
  });
  return { methods, chosen, told, log, engineEvents };
}

test("a change of settings is kept, told to every window, and a device is given to the engine", async () => {
  const { methods, chosen, told } = setUp();
  await methods.updateSettings({ theme: "dark" });
  await methods.updateSettings({ device: "cpu" });
  expect(told).toMatchObject([{ theme: "dark" }, { theme: "dark", device: "cpu" }]);
  expect(chosen).toEqual(["cpu"]);
  expect(await methods.getSettings({})).toMatchObject({ theme: "dark", device: "cpu" });
});

test("a device that does not work is not kept", async () => {
  const { methods, told } = setUp();
  await expect(methods.updateSettings({ device: "gpu", theme: "dark" })).rejects.toMatchObject({
    code: "NOT_AVAILABLE",
  });
  expect(told).toEqual([]);
  expect(await methods.getSettings({})).toEqual(DEFAULT_SETTINGS);
});

test("a new start and a replaced engine get the device that was chosen; a broken one is only logged", async () => {
  await new SettingsStore(folder).update({ device: "cpu" });
  const { chosen, engineEvents } = setUp();
  await expect.poll(() => chosen).toEqual(["cpu again"]);
  engineEvents.emit("engine-restarted", { reason: "it crashed" });
  await expect.poll(() => chosen).toEqual(["cpu again", "cpu again"]);
  await new SettingsStore(folder).update({ device: "gpu" });
  const { log } = setUp();
  await expect
    .poll(() => log.lines.join())
    .toContain("device gpu could not be chosen: NOT_AVAILABLE");
});

test("resetting goes back to the engine's own choice of device", async () => {
  const { methods, chosen } = setUp();
  await methods.updateSettings({ device: "cpu", language: "de" });
  expect(await methods.resetSettings({})).toEqual(DEFAULT_SETTINGS);
  expect(chosen).toEqual(["cpu", "auto"]);
  await methods.resetSettings({});
  await settle();
  expect(chosen).toEqual(["cpu", "auto"]);
});

test("diagnostics tell versions, system and log, without paths, picture names or prompts", async () => {
  const { methods, log } = setUp();
  await methods.updateSettings({
    promptHistory: ["a secret garden"],
    promptPresets: [{ name: "Mine", prompt: "a secret house" }],
  });
  log.add("engine process 12 started");
  log.add("Expected to write /home/ada/Pictures/Wedding day.tiff but the disk is full");
  log.add("Expected a picture but Summer at the lake.jpg is none");
  const { text } = await methods.getDiagnostics({});
  expect(text).toMatch(
    /version 1\.2\.3[^]*linux|version 1\.2\.3[^]*win32|version 1\.2\.3[^]*darwin/,
  );
  expect(text).toContain("engine process 12 started");
  expect(text).toContain("model problem BUNDLE_DAMAGED");
  expect(text).toContain("not known: NOT_AVAILABLE");
  for (const secret of ["ada", "Wedding", "Summer", "lake", "secret", "Mine", folder]) {
    expect(text).not.toContain(secret);
  }
  expect((await methods.readLog({})).lines.join()).toContain("Wedding day.tiff");
});

test("licences are what the build wrote, or an error that says how to get them", async () => {
  const { methods } = setUp();
  await expect(methods.readLicences({})).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  writeFileSync(join(folder, "licences.txt"), "MIT License");
  expect(await methods.readLicences({})).toEqual({ text: "MIT License" });
});

test("the folder of settings is where each system keeps them, and a variable moves it", () => {
  const at = (platform: NodeJS.Platform, env: Record<string, string> = {}) =>
    configFolder({ env, platform, home: "/home/ada" });
  expect(at("linux")).toBe("/home/ada/.config/spectral-studio");
  expect(at("linux", { XDG_CONFIG_HOME: "/etc/mine" })).toBe("/etc/mine/spectral-studio");
  expect(at("darwin")).toBe("/home/ada/Library/Application Support/Spectral Studio");
  expect(at("win32", { APPDATA: "/roaming" })).toBe("/roaming/Spectral Studio");
  expect(at("linux", { SPECTRAL_STUDIO_CONFIG: folder })).toBe(folder);
});

test("the file of settings is readable text", async () => {
  await new SettingsStore(folder).update({ theme: "dark" });
  expect(readFileSync(join(folder, "settings.json"), "utf8")).toContain('\n  "theme": "dark",\n');
});

test("what the engine process prints is in the log", async () => {
  const path = join(folder, "talkative.js");
  writeFileSync(path, 'process.stdout.write("to out\\n"); process.stderr.write("to error\\n");');
  const log = new Log({ path: null, now: () => new Date(0) });
  const launcher = createForkLauncher({
    childPath: path,
    modelsDir: folder,
    sessionDir: folder,
    onOutput: log.add,
  });
  launcher.launch();
  await expect.poll(() => log.lines.join()).toMatch(/to out[^]*|to error[^]*/);
  await expect.poll(() => log.lines).toHaveLength(2);
});
