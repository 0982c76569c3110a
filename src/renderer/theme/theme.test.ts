import { describe, expect, it } from "vitest";
import { ThemeController } from "./theme.svelte.js";

describe("theme", () => {
  it("follows the system at first, keeps a choice, and ignores a damaged one", () => {
    const saved = new Map<string, string>();
    const store = {
      getItem: (key: string) => saved.get(key) ?? null,
      setItem: (key: string, value: string) => void saved.set(key, value),
    };
    const theme = new ThemeController(store);
    expect(theme.theme).toBe("system");
    theme.choose("dark");
    expect(new ThemeController(store).theme).toBe("dark");
    for (const key of saved.keys()) saved.set(key, "pink");
    expect(new ThemeController(store).theme).toBe("system");
  });
});
