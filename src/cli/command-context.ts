import type { ResultData } from "./reporter.js";
import type { Events } from "../shared/events.js";

/** What a command gets from the program besides its arguments. */
export interface CommandContext {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly modelsDir: string;
  /** Device for this run; by default the one that was chosen for good. */
  readonly device?: string;
  readonly version: string;
  readonly onProgress: (progress: Events["job-progress"]) => void;
  /** Reports a result. @param lines the same for people */
  readonly report: (data: ResultData, lines: readonly string[]) => void;
}
