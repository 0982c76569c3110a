import type { EditorApi } from "../../shared/api.js";
import { DEFAULT_SETTINGS, type Settings } from "../../shared/settings.js";

type SettingsApi = Pick<EditorApi, "getSettings" | "updateSettings" | "resetSettings">;

/**
 * What the person chose for good. A change shows at once and is then kept by the host; if that
 * fails, what the host has comes back and the failure is reported. Nothing here ever throws.
 */
export class Preferences {
  current = $state.raw<Settings>(DEFAULT_SETTINGS);
  readonly #api: SettingsApi;
  readonly #report: (error: unknown) => void;
  /** What the host is known to have. */
  #kept: Settings = DEFAULT_SETTINGS;
  /** Changes on their way: only the answer to the last one tells how things stand. */
  #underWay = 0;

  constructor(api: SettingsApi, report: (error: unknown) => void) {
    this.#api = api;
    this.#report = report;
  }

  /** Reads what was kept; the defaults stay if that fails. */
  async load(): Promise<void> {
    try {
      this.adopt(await this.#api.getSettings({}));
    } catch (error) {
      this.#report(error);
    }
  }

  /** Changes what is named and keeps the rest. */
  async update(change: Partial<Settings>): Promise<void> {
    this.current = { ...this.current, ...change };
    await this.#ask(() => this.#api.updateSettings(change));
  }

  async reset(): Promise<void> {
    this.current = DEFAULT_SETTINGS;
    await this.#ask(() => this.#api.resetSettings({}));
  }

  /** News from the host: another window may have changed something. */
  adopt(settings: Settings): void {
    this.#kept = settings;
    if (this.#underWay === 0) this.current = settings;
  }

  async #ask(call: () => Promise<Settings>): Promise<void> {
    this.#underWay++;
    try {
      this.#kept = await call();
    } catch (error) {
      this.#report(error);
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) this.current = this.#kept;
    }
  }
}
