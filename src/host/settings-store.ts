import { copyFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { AppErrorData } from "../core/errors.js";
import { writeFileAtomically } from "../engine/process/atomic-write.js";
import type { RequestOf } from "../shared/api.js";
import { DEFAULT_SETTINGS, settingsSchema, type Settings } from "../shared/settings.js";
import { parseSettings, problemWith, settingsText, type ParsedSettings } from "./settings-text.js";

const FILE_NAME = "settings.json";
const NOTHING_YET: ParsedSettings = { settings: DEFAULT_SETTINGS, problem: null };

/**
 * The settings in one file, written whole or not at all. The file is read again before each change,
 * so that what another running app wrote meanwhile is kept; changes within one app wait for each
 * other.
 */
export class SettingsStore {
  readonly #path: string | null;
  #memory: ParsedSettings = NOTHING_YET;
  #queue: Promise<unknown> = Promise.resolve();

  /** @param folder where the file lies, made at the first change; null keeps settings in memory */
  constructor(folder: string | null) {
    this.#path = folder === null ? null : join(folder, FILE_NAME);
  }

  /** What is kept; the defaults where nothing is, or nothing that can be read. Never rejects. */
  async read(): Promise<Settings> {
    return (await this.#read()).settings;
  }

  /** What is wrong with the file now, for people; null if nothing is. Never rejects. */
  async problem(): Promise<AppErrorData | null> {
    return (await this.#read()).problem;
  }

  /**
   * Changes what is named and keeps the rest.
   * @throws AppError TARGET_UNWRITABLE, DISK_FULL; the settings are then what they were
   */
  update(change: RequestOf<"updateSettings">): Promise<Settings> {
    return this.#afterOthers(async () => {
      const { settings, problem } = await this.#read();
      return this.#write(changed(settings, change), problem !== null);
    });
  }

  /** Back to a fresh installation. @throws AppError as `update` */
  reset(): Promise<Settings> {
    return this.#afterOthers(async () => {
      const { problem } = await this.#read();
      return this.#write(DEFAULT_SETTINGS, problem !== null);
    });
  }

  async #read(): Promise<ParsedSettings> {
    if (this.#path === null) return this.#memory;
    try {
      return parseSettings(await readFile(this.#path, "utf8"));
    } catch (error) {
      // No file is no problem: it is made at the first change.
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return NOTHING_YET;
      return { settings: DEFAULT_SETTINGS, problem: problemWith("a file") };
    }
  }

  async #write(settings: Settings, isOldBroken: boolean): Promise<Settings> {
    if (this.#path === null) this.#memory = { settings, problem: null };
    else {
      await mkdir(dirname(this.#path), { recursive: true }).catch(() => undefined);
      // Somebody may have written it by hand; a slip of the finger must not cost their work.
      if (isOldBroken) await copyFile(this.#path, `${this.#path}.broken`).catch(() => undefined);
      await writeFileAtomically(this.#path, Buffer.from(settingsText(settings)));
    }
    return settings;
  }

  #afterOthers<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    // A change that fails is its caller's to hear of; the next one still has its turn.
    this.#queue = done.catch(() => undefined);
    return done;
  }
}

/** A field that is named without a value is not changed. */
function changed(settings: Settings, change: RequestOf<"updateSettings">): Settings {
  const named = Object.entries(change).filter(([, value]) => value !== undefined);
  return settingsSchema.parse({ ...settings, ...Object.fromEntries(named) });
}
