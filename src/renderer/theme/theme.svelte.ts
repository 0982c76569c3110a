/** What the person chose; "system" follows the desktop. */
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Where small settings survive a restart; `localStorage` in a browser. */
export interface SettingsStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const KEY = "spectral-studio.theme";

/** The colour theme, kept over restarts. */
export class ThemeController {
  theme = $state<Theme>("system");
  readonly #store: SettingsStore;

  constructor(store: SettingsStore) {
    this.#store = store;
    const saved = store.getItem(KEY);
    this.theme = THEMES.find((theme) => theme === saved) ?? "system";
  }

  choose(theme: Theme): void {
    this.theme = theme;
    this.#store.setItem(KEY, theme);
  }
}
