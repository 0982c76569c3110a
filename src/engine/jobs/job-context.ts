import { setImmediate } from "node:timers/promises";
import type { Rect } from "../../core/rect.js";
import type { ScreenPixels } from "../../core/screen-pixels.js";
import type { Steps } from "../../core/steps.js";
import type { AppErrorData } from "../../core/errors.js";
import type { EngineEvents } from "../../shared/events.js";
import type { JobStage } from "../../shared/jobs.js";
import type { Clock } from "./time-left.js";

/** How far a job is; `done` of `total` steps of the stage. */
export interface JobProgress {
  readonly stage: JobStage;
  /** The scale being drawn, or null outside of drawing. */
  readonly scale: number | null;
  readonly done: number;
  readonly total: number;
  /** How fast it goes, where that is known. */
  readonly rate?: EngineEvents["job-progress"]["rate"];
}

/** What a running job may use of its surroundings. */
export interface JobContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: JobProgress) => void;
  /**
   * The region of a variation as it would look if the job stopped now, in or after `scale`; `rect`
   * in document pixels.
   */
  readonly onPreview: (scale: number, rect: Rect, pixels: ScreenPixels, variation: number) => void;
  /** Paces previews; without one there is one after each scale and none in between. */
  readonly clock?: Clock;
  /** When the job began, by that clock. */
  readonly startedAtMs?: number;
  /** At most so many variations in one run of the model; a smaller number takes less memory. */
  readonly maxBatch?: number;
  /** Why the job runs a second time, now on the CPU; not there the first time. */
  readonly failure?: AppErrorData;
}

/**
 * Lets the event loop turn, so that a cancel arrives, and throws if one did. A run of the inference
 * runtime blocks the thread: without this between runs, a cancel would wait for the whole job.
 */
export async function pause({ signal }: JobContext): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}

/** How long work goes on before a cancel may arrive. */
const UNINTERRUPTED_MS = 25;

/** Does work that yields, and lets the event loop turn now and then; see {@link pause}. */
export async function inSteps<T>(steps: Steps<T>, context: JobContext): Promise<T> {
  let last = performance.now();
  let step = steps.next();
  while (step.done !== true) {
    context.signal.throwIfAborted();
    if (performance.now() - last > UNINTERRUPTED_MS) {
      await pause(context);
      last = performance.now();
    }
    step = steps.next();
  }
  return step.value;
}

/** Waits for something that goes on by itself, such as loading a model, but no longer than the job. */
export async function whileWanted<T>(
  { signal }: Pick<JobContext, "signal">,
  work: Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new DOMException("The job was cancelled.", "AbortError"));
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
