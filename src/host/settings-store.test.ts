import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../shared/settings.js";
import { SettingsStore } from "./settings-store.js";

let folder: string;
const file = () => join(folder, "settings.json");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spectral-settings-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("settings in a file", () => {
  it("are the defaults before the first change, and nothing is written for that", async () => {
    const store = new SettingsStore(folder);
    expect(await store.read()).toEqual(DEFAULT_SETTINGS);
    expect(await store.problem()).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keep what was changed for the next run, in a folder that is made when it is needed", async () => {
    const place = join(folder, "deep/er");
    await new SettingsStore(place).update({ theme: "dark", shortcuts: { brush: "KeyP" } });
    expect(await new SettingsStore(place).read()).toEqual({
      ...DEFAULT_SETTINGS,
      theme: "dark",
      shortcuts: { brush: "KeyP" },
    });
  });

  it("keep every change of windows that change at the same time, in one app or two", async () => {
    const store = new SettingsStore(folder);
    const prompts = Array.from({ length: 20 }, (_, index) => ({ name: `${index}`, prompt: "x" }));
    await Promise.all([
      store.update({ theme: "light" }),
      store.update({ promptPresets: prompts }),
      store.update({ tourSeen: true }),
    ]);
    await new SettingsStore(folder).update({ language: "ja" });
    expect(await store.update({ previews: false })).toMatchObject({
      theme: "light",
      language: "ja",
      tourSeen: true,
      previews: false,
      promptPresets: prompts,
    });
  });

  it("stand at the defaults for a damaged file, say so, and keep the old file beside the new one", async () => {
    for (const text of ["", "{", "[]", "null", "\0\0", '"dark"', "{".repeat(100_000)]) {
      writeFileSync(file(), text);
      const store = new SettingsStore(folder);
      expect(await store.read()).toEqual(DEFAULT_SETTINGS);
      expect(await store.problem()).toMatchObject({ code: "FILE_UNREADABLE" });
      await store.update({ theme: "dark" });
      expect(await store.problem()).toBeNull();
      expect(readFileSync(`${file()}.broken`, "utf8")).toBe(text);
    }
  });

  it("lose only the fields that make no sense, and ignore those of another version", async () => {
    const settings = { theme: "pink", language: "de", memoryMegabytes: -1, future: true };
    writeFileSync(file(), JSON.stringify(settings));
    const store = new SettingsStore(folder);
    expect(await store.read()).toEqual({ ...DEFAULT_SETTINGS, language: "de" });
    const problem = await store.problem();
    expect(problem?.message).toContain("theme, memoryMegabytes");
    expect(problem?.message).not.toContain(folder);
  });

  it("are whole for any content of the file", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        writeFileSync(file(), JSON.stringify(value));
        const settings = await new SettingsStore(folder).read();
        expect(Object.keys(settings).sort()).toEqual(Object.keys(DEFAULT_SETTINGS).sort());
      }),
      { numRuns: 60 },
    );
  });

  it("are what they were when a change cannot be written, and the next change has its turn", async () => {
    mkdirSync(file());
    const store = new SettingsStore(folder);
    await expect(store.update({ theme: "dark" })).rejects.toMatchObject({
      code: "TARGET_UNWRITABLE",
    });
    rmSync(file(), { recursive: true });
    expect(await store.update({ theme: "light" })).toMatchObject({ theme: "light" });
  });

  it("go back to the defaults when they are reset", async () => {
    const store = new SettingsStore(folder);
    await store.update({ theme: "dark", language: "fr" });
    expect(await store.reset()).toEqual(DEFAULT_SETTINGS);
    expect(await new SettingsStore(folder).read()).toEqual(DEFAULT_SETTINGS);
  });

  it("last as long as the app without a folder", async () => {
    const store = new SettingsStore(null);
    await store.update({ theme: "dark" });
    expect(await store.read()).toMatchObject({ theme: "dark" });
  });
});
