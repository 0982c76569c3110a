import type { Preferences } from "../settings/preferences.svelte.js";
import type { Settings } from "../../shared/settings.js";

/** Prompts that are remembered; the oldest go. */
const MOST_REMEMBERED = 50;
/** Presets that fit into the settings. */
const MOST_PRESETS = 100;
const MAX_NAME_CHARS = 100;

export type PromptPreset = Settings["promptPresets"][number];

/** Prompts of before, and those that were given a name; kept with the settings. */
export class PromptLibrary {
  readonly #preferences: Pick<Preferences, "current" | "update">;

  constructor(preferences: Pick<Preferences, "current" | "update">) {
    this.#preferences = preferences;
  }

  /** Newest first. */
  get history(): readonly string[] {
    return this.#preferences.current.promptHistory;
  }

  /** By name. */
  get presets(): readonly PromptPreset[] {
    return this.#preferences.current.promptPresets;
  }

  /** Puts a used prompt on top of the history; an empty one says nothing. */
  remember(prompt: string): void {
    const text = prompt.trim();
    if (text === "" || this.history[0] === text) return;
    const others = this.history.filter((other) => other !== text);
    const promptHistory = [text, ...others].slice(0, MOST_REMEMBERED);
    void this.#preferences.update({ promptHistory });
  }

  clearHistory(): void {
    void this.#preferences.update({ promptHistory: [] });
  }

  /** Keeps a prompt under a name; another one of that name is replaced. Nothing if either is empty. */
  savePreset(name: string, prompt: string): void {
    const preset = { name: name.trim().slice(0, MAX_NAME_CHARS), prompt: prompt.trim() };
    if (preset.name === "" || preset.prompt === "") return;
    const others = this.presets.filter((other) => other.name !== preset.name);
    const promptPresets = [...others.slice(0, MOST_PRESETS - 1), preset].sort((a, b) =>
      a.name.localeCompare(b.name),
    );
    void this.#preferences.update({ promptPresets });
  }

  removePreset(name: string): void {
    const promptPresets = this.presets.filter((preset) => preset.name !== name);
    void this.#preferences.update({ promptPresets });
  }
}
