import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AppError } from "../core/errors.js";
import { writeFileAtomically } from "../engine/process/atomic-write.js";
import type { ReplyOf } from "../shared/api.js";
import { MAX_NAME_CHARS } from "../shared/limits.js";
import { z } from "../shared/zod.js";

const FILE_NAME = "recents.json";
const MOST_KEPT = 20;

const entrySchema = z.object({ path: z.string().min(1), openedAt: z.number().min(0) }).readonly();
const entriesSchema = z.array(entrySchema).readonly();
type Entry = z.infer<typeof entrySchema>;

/**
 * Files that were opened or saved before, newest first, in one file of the app's folder. A page
 * learns their names and a key for each, never where they lie.
 */
export class Recents {
  readonly #path: string | null;
  readonly #now: () => number;
  readonly #log: (line: string) => void;
  #memory: readonly Entry[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  /** @param folder where the list lies; null keeps it in memory */
  constructor(folder: string | null, log: (line: string) => void, now: () => number = Date.now) {
    this.#path = folder === null ? null : join(folder, FILE_NAME);
    this.#log = log;
    this.#now = now;
  }

  async list(): Promise<ReplyOf<"listRecents">["recents"]> {
    const entries = await this.#read();
    return entries.map(({ path, openedAt }) => ({
      recentId: keyOf(path),
      name: basename(path).slice(-MAX_NAME_CHARS),
      openedAt,
    }));
  }

  /** Puts a file in front. Never rejects: a list that cannot be written is no reason to fail. */
  async add(path: string): Promise<void> {
    const entry: Entry = { path: resolve(path), openedAt: this.#now() };
    await this.#change((entries) => [
      entry,
      ...entries.filter((other) => other.path !== entry.path),
    ]);
  }

  /** Where a file of the list lies. @throws AppError FILE_NOT_FOUND for an unknown key */
  async pathOf(recentId: string): Promise<string> {
    const found = (await this.#read()).find(({ path }) => keyOf(path) === recentId);
    if (found) return found.path;
    throw new AppError(
      "FILE_NOT_FOUND",
      "Expected one of the recent files but this one is not in the list any more; open it with Open.",
    );
  }

  async remove(path: string): Promise<void> {
    await this.#change((entries) => entries.filter((entry) => entry.path !== path));
  }

  async clear(): Promise<void> {
    await this.#change(() => []);
  }

  #change(next: (entries: readonly Entry[]) => readonly Entry[]): Promise<void> {
    const done = this.#queue.then(async () => {
      const entries = next(await this.#read()).slice(0, MOST_KEPT);
      this.#memory = entries;
      if (this.#path === null) return;
      try {
        await mkdir(dirname(this.#path), { recursive: true });
        await writeFileAtomically(this.#path, Buffer.from(JSON.stringify(entries, null, 2)));
      } catch {
        this.#log("the list of recent files could not be written");
      }
    });
    this.#queue = done;
    return done;
  }

  /** What is not there or not readable is an empty list: it is a convenience and no document. */
  async #read(): Promise<readonly Entry[]> {
    if (this.#path === null) return this.#memory;
    try {
      return entriesSchema.parse(JSON.parse(await readFile(this.#path, "utf8")));
    } catch {
      return [];
    }
  }
}

function keyOf(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 32);
}
