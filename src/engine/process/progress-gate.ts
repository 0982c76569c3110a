import type { EngineEvents } from "../../shared/events.js";

/** A screen shows no more than some thirty states a second. */
const INTERVAL_MS = 30;

type Progress = EngineEvents["job-progress"];

/**
 * Lets as much of a job's progress through as a person can see: every stage and scale, the end of
 * each, and something now and then in between. A token takes less time than telling about it does.
 */
export class ProgressGate {
  #last: { readonly progress: Progress; readonly sentAtMs: number } | null = null;

  /** Whether to tell; what is told counts as the last one. */
  lets(progress: Progress, nowMs: number): boolean {
    const last = this.#last;
    const isNew =
      last === null ||
      last.progress.jobId !== progress.jobId ||
      last.progress.stage !== progress.stage ||
      last.progress.scale !== progress.scale ||
      progress.done >= progress.total ||
      nowMs - last.sentAtMs >= INTERVAL_MS;
    if (isNew) this.#last = { progress, sentAtMs: nowMs };
    return isNew;
  }
}
