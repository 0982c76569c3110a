import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Its name in the folder of settings. */
export const LOG_FILE = "studio.log";

const MAX_LINES = 2_000;
const MAX_LINE_CHARS = 2_000;
/** Lines of earlier runs that stay in the file: what led to a crash is asked about after it. */
const KEPT_LINES = 500;

export interface LogOptions {
  /** Where lines are kept beyond this run; null keeps them in memory. */
  readonly path: string | null;
  readonly now: () => Date;
  /** Also told each line, for a terminal. */
  readonly echo?: (line: string) => void;
}

/** The newest lines of what host and engine report, over the end of the app where it has a file. */
export class Log {
  readonly #options: LogOptions;
  readonly #lines: string[];
  #isFileUsable: boolean;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#lines = readOldLines(options.path);
    this.#isFileUsable = options.path !== null && startFile(options.path, this.#lines);
  }

  /** Adds what may be several lines. Never throws: a log is not worth an app. */
  readonly add = (text: string): void => {
    const time = this.#options.now().toISOString();
    for (const part of text.split(/\r?\n/).filter((part) => part.trim() !== "")) {
      const line = `${time} ${part}`.slice(0, MAX_LINE_CHARS);
      this.#lines.push(line);
      this.#options.echo?.(part);
      this.#append(line);
    }
    if (this.#lines.length > MAX_LINES) this.#lines.splice(0, this.#lines.length - MAX_LINES);
  };

  /** Oldest first. */
  get lines(): readonly string[] {
    return [...this.#lines];
  }

  #append(line: string): void {
    const { path } = this.#options;
    if (path === null || !this.#isFileUsable) return;
    try {
      // At once and not later: the next thing that happens may be the end of the process.
      appendFileSync(path, `${line}\n`);
    } catch {
      this.#isFileUsable = false;
    }
  }
}

function readOldLines(path: string | null): string[] {
  if (path === null) return [];
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .slice(-KEPT_LINES)
      .map((line) => line.slice(0, MAX_LINE_CHARS));
  } catch {
    return [];
  }
}

function startFile(path: string, lines: readonly string[]): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
    return true;
  } catch {
    return false;
  }
}
