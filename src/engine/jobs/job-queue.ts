import { randomBytes } from "node:crypto";
import { AppError, toErrorData, type AppErrorData } from "../../core/errors.js";
import type { EngineEvents, EngineTopic } from "../../shared/events.js";
import { jobIdSchema, type JobId } from "../../shared/ids.js";
import type { JobContext } from "./job-context.js";
import type { ResultStore } from "./result-store.js";
import { TimeLeft, type Clock } from "./time-left.js";
import { plainBytes } from "../store/plain-bytes.js";

/** Sends an event to whoever listens to the engine. */
export type Emit = <T extends EngineTopic>(topic: T, payload: EngineEvents[T]) => void;

/** What a finished job shows, and its result, which waits to be accepted. */
export interface JobOutcome<Result> {
  readonly shown: Omit<EngineEvents["job-finished"], "jobId">;
  /** Pictures of the variations after the first, which `shown` has. */
  readonly others: readonly Omit<EngineEvents["job-variation"], "jobId" | "variation">[];
  readonly result: Result;
  /** Memory that the result holds. */
  readonly bytes: number;
}

type Run<Result> = (context: JobContext) => Promise<JobOutcome<Result>>;

/** Results that may wait; the newest stays even if it alone is larger. */
const RESULT_BYTES = 1024 * 1024 * 1024;

interface Waiting<Result> {
  readonly jobId: JobId;
  readonly run: Run<Result>;
  readonly controller: AbortController;
  /** Why it runs a second time; there is no third. */
  failure: AppErrorData | null;
}

/** A job of an earlier process that is gone. */
export interface ResumedJob {
  readonly jobId: JobId;
  /** What the process died of while it worked on the job; null if it was only replaced. */
  readonly failure: AppErrorData | null;
}

export interface JobQueueOptions<Result> {
  /** Keeps results beyond this process. */
  readonly store?: ResultStore<Result>;
  /** True for a failure that a second try on the safest road may not meet again. */
  readonly isWorthRetrying?: (failure: AppErrorData) => boolean;
}

/**
 * Runs jobs one at a time, in order: two would only take turns on the same cores. Every job ends
 * with exactly one of the events finished, failed and cancelled.
 */
export class JobQueue<Result> {
  readonly #waiting: Waiting<Result>[] = [];
  readonly #results = new Map<JobId, { readonly result: Result; readonly bytes: number }>();
  #running: Waiting<Result> | null = null;

  constructor(
    private readonly emit: Emit,
    private readonly clock: Clock,
    private readonly options: JobQueueOptions<Result> = {},
  ) {}

  /** Queues a job; it starts after this call returned, so that its id is known before its events. */
  start(run: Run<Result>, resumed?: ResumedJob): JobId {
    const jobId = resumed?.jobId ?? jobIdSchema.parse(`j-${randomBytes(8).toString("hex")}`);
    const failure = resumed?.failure ?? null;
    this.#waiting.push({ jobId, run, controller: new AbortController(), failure });
    setImmediate(() => void this.#next());
    return jobId;
  }

  /** Ends a job as soon as its current step is done. @throws AppError JOB_UNKNOWN */
  cancel(jobId: JobId): void {
    if (this.#running?.jobId === jobId) {
      this.#running.controller.abort();
      return;
    }
    const index = this.#waiting.findIndex((job) => job.jobId === jobId);
    if (index >= 0) {
      this.#waiting.splice(index, 1);
      this.emit("job-cancelled", { jobId });
      return;
    }
    // Cancelled just as it finished: nothing is left to stop, and its result may still be wanted.
    if (!this.#results.has(jobId)) throw unknownJob(jobId);
  }

  /**
   * The result of a finished job, also of an earlier process.
   * @throws AppError JOB_UNKNOWN, JOB_NOT_FINISHED
   */
  async result(jobId: JobId): Promise<Result> {
    const finished = this.#results.get(jobId);
    if (finished) return finished.result;
    const isPending =
      this.#running?.jobId === jobId || this.#waiting.some((job) => job.jobId === jobId);
    if (!isPending) {
      const stored = await this.options.store?.load(jobId);
      if (stored) return stored;
      throw unknownJob(jobId);
    }
    throw new AppError(
      "JOB_NOT_FINISHED",
      `Expected a finished job but ${jobId} is still under way; wait for its end or cancel it.`,
      { jobId },
    );
  }

  /** Forgets a finished job's result. @throws AppError JOB_UNKNOWN, JOB_NOT_FINISHED */
  async discard(jobId: JobId): Promise<void> {
    await this.result(jobId);
    this.#results.delete(jobId);
    await this.options.store?.remove(jobId);
  }

  /** Cancels everything. */
  dispose(): void {
    this.#waiting.length = 0;
    this.#running?.controller.abort();
  }

  async #next(): Promise<void> {
    if (this.#running) return;
    const job = this.#waiting.shift();
    if (!job) return;
    this.#running = job;
    const { jobId } = job;
    try {
      const outcome = await this.#run(job);
      this.#keep(jobId, outcome);
      for (const [index, picture] of outcome.others.entries()) {
        this.emit("job-variation", { jobId, variation: index + 1, ...picture });
      }
      this.emit("job-finished", { jobId, ...outcome.shown });
    } catch (error) {
      if (job.controller.signal.aborted) this.emit("job-cancelled", { jobId });
      else this.emit("job-failed", { jobId, error: toErrorData(error) });
    }
    this.#running = null;
    void this.#next();
  }

  /** Runs a job and, if that may help, once more in the way that takes the least. */
  async #run(job: Waiting<Result>): Promise<JobOutcome<Result>> {
    try {
      return await job.run(this.#contextOf(job));
    } catch (error) {
      const failure = toErrorData(error);
      const isFinal = job.failure !== null || job.controller.signal.aborted;
      if (isFinal || this.options.isWorthRetrying?.(failure) !== true) throw error;
      job.failure = failure;
      return job.run(this.#contextOf(job));
    }
  }

  #contextOf({ jobId, controller, failure }: Waiting<Result>): JobContext {
    const timeLeft = new TimeLeft(this.clock);
    return {
      signal: controller.signal,
      ...(failure === null ? {} : { failure, maxBatch: 1 }),
      clock: this.clock,
      startedAtMs: this.clock(),
      onProgress: (progress) => {
        const { stage, done, total } = progress;
        const secondsLeft = timeLeft.estimate(stage, done, total);
        this.emit("job-progress", { jobId, ...progress, secondsLeft });
      },
      onPreview: (scale, rect, { width, height, rgba }, variation) => {
        const pixels = { width, height, rgba: plainBytes(rgba) };
        this.emit("job-preview", { jobId, scale, variation, rect, ...pixels });
      },
    };
  }

  #keep(jobId: JobId, { result, bytes }: JobOutcome<Result>): void {
    this.#results.set(jobId, { result, bytes });
    this.options.store?.save(jobId, result, bytes);
    let total = [...this.#results.values()].reduce((sum, entry) => sum + entry.bytes, 0);
    for (const [oldest, entry] of this.#results) {
      if (total <= RESULT_BYTES || oldest === jobId) break;
      this.#results.delete(oldest);
      total -= entry.bytes;
    }
  }
}

function unknownJob(jobId: JobId): AppError {
  return new AppError(
    "JOB_UNKNOWN",
    `Expected a job of this engine but ${jobId} is not one, or its result was accepted or discarded already; run it again.`,
    { jobId },
  );
}
