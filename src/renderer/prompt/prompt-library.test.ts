import { describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS, settingsSchema, type Settings } from "../../shared/settings.js";
import { PromptLibrary } from "./prompt-library.js";

function setUp() {
  const preferences = {
    current: DEFAULT_SETTINGS,
    updates: 0,
    async update(change: Partial<Settings>) {
      this.updates++;
      this.current = settingsSchema.parse({ ...this.current, ...change });
    },
  };
  return { library: new PromptLibrary(preferences), preferences };
}

describe("prompt library", () => {
  it("puts what was used on top, once", () => {
    const { library } = setUp();
    for (const prompt of ["a boat", "fog", " a boat "]) library.remember(prompt);
    expect(library.history).toEqual(["a boat", "fog"]);
  });

  it("remembers nothing of an empty prompt or of the same one again", () => {
    const { library, preferences } = setUp();
    for (const prompt of ["", "  ", "a boat", "a boat"]) library.remember(prompt);
    expect(preferences.updates).toBe(1);
  });

  it("forgets the oldest, and everything when told", () => {
    const { library } = setUp();
    for (let index = 0; index < 80; index++) library.remember(`prompt ${index}`);
    expect(library.history).toHaveLength(50);
    expect(library.history[0]).toBe("prompt 79");
    library.clearHistory();
    expect(library.history).toEqual([]);
  });

  it("keeps presets by name, in their order, and replaces one of the same name", () => {
    const { library } = setUp();
    library.savePreset(" Night ", " stars ");
    library.savePreset("Dusk", "warm light");
    library.savePreset("Night", "moon");
    library.savePreset("", "nothing");
    library.savePreset("Nothing", " ");
    expect(library.presets).toEqual([
      { name: "Dusk", prompt: "warm light" },
      { name: "Night", prompt: "moon" },
    ]);
    library.removePreset("Dusk");
    expect(library.presets.map(({ name }) => name)).toEqual(["Night"]);
  });

  it("never makes settings that the host would refuse", () => {
    const { library } = setUp();
    for (let index = 0; index < 130; index++) library.savePreset(`n${index}`.repeat(99), "p");
    expect(library.presets).toHaveLength(100);
  });
});
