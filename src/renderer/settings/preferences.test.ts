import { describe, expect, it } from "vitest";
import { LoudTransport, type LoudHandlers } from "../../../test/fixtures/loud-transport.js";
import { AppError } from "../../core/errors.js";
import { createApiClient } from "../../shared/client.js";
import { DEFAULT_SETTINGS, type Settings } from "../../shared/settings.js";
import { Preferences } from "./preferences.svelte.js";

function setUp(handlers: LoudHandlers) {
  const errors: unknown[] = [];
  const api = createApiClient(new LoudTransport(handlers));
  return { errors, preferences: new Preferences(api, (error) => errors.push(error)) };
}

const refuse = () => {
  throw new AppError("DISK_FULL", "Expected room for the settings but the disk is full.");
};

describe("preferences", () => {
  it("show a change at once, and go back to what is kept if it cannot be kept", async () => {
    const { preferences, errors } = setUp({
      getSettings: () => ({ ...DEFAULT_SETTINGS, theme: "light" }),
      updateSettings: refuse,
    });
    await preferences.load();
    const change = preferences.update({ theme: "dark" });
    expect(preferences.current.theme).toBe("dark");
    await change;
    expect(preferences.current.theme).toBe("light");
    expect(errors).toHaveLength(1);
  });

  it("stay at the defaults when nothing can be read", async () => {
    const { preferences, errors } = setUp({ getSettings: refuse });
    await preferences.load();
    expect(preferences.current).toEqual(DEFAULT_SETTINGS);
    expect(errors).toHaveLength(1);
  });

  it("do not let late news undo a change that is on its way", async () => {
    const german: Settings = { ...DEFAULT_SETTINGS, language: "de" };
    const { preferences } = setUp({ updateSettings: () => german });
    const change = preferences.update({ language: "de" });
    preferences.adopt(DEFAULT_SETTINGS);
    expect(preferences.current.language).toBe("de");
    await change;
    expect(preferences.current.language).toBe("de");
  });
});
