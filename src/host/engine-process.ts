import { setTimeout as delay } from "node:timers/promises";
import { AppError, toErrorData, type AppErrorData } from "../core/errors.js";
import { isEngineMethod, isRepeatable, type EngineMethod } from "../shared/api.js";
import type { EngineEvent } from "../shared/engine-messages.js";
import { parseAs } from "../shared/errors.js";
import type { EngineEvents, Topic } from "../shared/events.js";
import { jobIdSchema, revisionSchema, type JobId } from "../shared/ids.js";
import type { Transport } from "../shared/transport.js";
import { z } from "../shared/zod.js";
import { Emitter } from "./emitter.js";
import { engineDied } from "./death-cause.js";
import type { EngineLauncher } from "./engine-launcher.js";
import { EngineSession } from "./engine-session.js";
import type { HeartbeatTiming } from "./heartbeat.js";
import { RespawnDelay } from "./respawn-delay.js";
import { createProcessProber } from "./run-probe-process.js";

/** How patient the supervisor is. */
export interface EngineTiming extends HeartbeatTiming {
  /** How long a cancel may stay unanswered before the process is replaced. */
  readonly cancelAnswerMs: number;
  /** How long a job may go on after its cancel was answered. */
  readonly cancelEndMs: number;
}

const DEFAULT_TIMING: EngineTiming = {
  intervalMs: 2_000,
  startLimitMs: 60_000,
  idleLimitMs: 15_000,
  busyLimitMs: 30_000,
  cancelAnswerMs: 2_000,
  cancelEndMs: 10_000,
};

export interface EngineProcessOptions {
  readonly launcher: EngineLauncher;
  readonly timing?: Partial<EngineTiming>;
  /** Starts the process with the first request and not at once. */
  readonly isLazy?: boolean;
  /** Where the system counts the processes that it ended for lack of memory; tests have their own. */
  readonly memoryCounters?: readonly string[];
  /** Told what happens to the process, for a log. */
  readonly log: (line: string) => void;
}

const byJobSchema = z.object({ jobId: jobIdSchema });
const startReplySchema = byJobSchema.extend({ revision: revisionSchema.nullable().optional() });

/** A job that has started and not ended yet. */
interface RunningJob {
  readonly ended: Promise<void>;
  /** Tells that it did. */
  readonly end: () => void;
  /** What it takes to run it again; null until the engine's reply is there. */
  request: { readonly request: unknown; readonly revision: number | null } | null;
  /** What ended its first run; there is no third run. Null in the first. */
  failure: AppErrorData | null;
  /** True while it is in no process and waits for the next one. */
  isWaiting: boolean;
  /** True once its process was heard to work on it; until then it stands in the engine's queue. */
  hasBegun: boolean;
}

/**
 * Keeps an engine process alive for a host: routes requests, forwards events, notices crashes and
 * hangs, and starts a new process. Documents and finished results lie on disk in the session folder,
 * so a new process has them all; jobs that were lost are run once more.
 *
 * [Note: whose fault] A process that the host itself replaces, to make a cancel work, has not failed:
 * the other jobs go on in the new one as if they had just been started. Only after a crash, a hang
 * or a death for lack of memory a job is on its second run, and only the job that was worked on.
 */
export class EngineProcess implements Transport {
  readonly #options: EngineProcessOptions;
  readonly #timing: EngineTiming;
  readonly #emitter: Emitter;
  readonly #respawnDelay = new RespawnDelay();
  readonly #jobs = new Map<JobId, RunningJob>();
  /** Jobs whose end was asked for: if the process goes, they are cancelled and not failed. */
  readonly #cancelled = new Set<JobId>();
  /** Ended jobs of this process: a job's end may be heard before the reply that names the job. */
  readonly #endedJobs = new Set<JobId>();
  #session: EngineSession | null = null;
  #respawnTimer: NodeJS.Timeout | undefined;
  #isDisposed = false;
  #wasLaunched = false;

  constructor(options: EngineProcessOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#emitter = new Emitter((error) => options.log(toErrorData(error).message));
    if (options.isLazy !== true) this.#launch();
  }

  /** False while nothing was ever asked of a lazy engine, so that it holds nothing either. */
  get wasLaunched(): boolean {
    return this.#wasLaunched;
  }

  /** The process's number, or undefined while there is none. */
  get pid(): number | undefined {
    return this.#session?.pid;
  }

  subscribe(topic: Topic, listener: (payload: unknown) => void): () => void {
    return this.#emitter.subscribe(topic, listener);
  }

  /**
   * Calls a method of the engine; the request is parsed by the engine.
   * @throws AppError the engine's own, ENGINE_DIED if its process ended or is not back yet
   */
  async invoke(method: string, request: unknown): Promise<unknown> {
    if (!isEngineMethod(method)) {
      throw new AppError(
        "REQUEST_INVALID",
        `Expected a method of the engine but got "${method}"; check its name.`,
        { method },
      );
    }
    if (method === "cancelJob") return this.#cancel(request);
    if (isRepeatable(method)) return this.#askAgain(method, request);
    if (method !== "startJob") return this.#ask(method, request);
    const reply = await this.#askAgain(method, request);
    const { jobId, revision } = parseAs(startReplySchema, reply, "reply to startJob", "engine");
    this.#noteJob(jobId);
    const job = this.#jobs.get(jobId);
    if (job) job.request = { request, revision: revision ?? null };
    // Whatever else the engine tells a host is none of a screen's business.
    return { jobId, ...(revision === undefined ? {} : { revision }) };
  }

  /** Ends the process for good. */
  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#respawnTimer);
    this.#session?.replace("the app was closed");
  }

  /**
   * What a process that the host replaced left unanswered is asked of the next one. Not for what changes a
   * document: it may have been done.
   */
  async #askAgain(method: EngineMethod, request: unknown): Promise<unknown> {
    const session = this.#session;
    try {
      return await this.#ask(method, request);
    } catch (error) {
      if (this.#isDisposed || session?.wasReplaced !== true) throw error;
      return this.#askAgain(method, request);
    }
  }

  #ask(method: EngineMethod, request: unknown): Promise<unknown> {
    if (!this.#wasLaunched && !this.#isDisposed) this.#launch();
    if (this.#session) return this.#session.invoke(method, request);
    return Promise.reject(engineDied("it ended repeatedly and is started again in some seconds"));
  }

  #launch(): void {
    this.#wasLaunched = true;
    const session: EngineSession = new EngineSession(
      this.#options.launcher.launch(),
      this.#timing,
      {
        onEvent: (event) => this.#forward(event),
        onEnd: (reason, error, isDeliberate) => {
          this.#afterEnd(session, reason, isDeliberate ? null : toErrorData(error));
        },
        onProbe: createProcessProber(this.#options.launcher),
        hasJobs: () => this.#jobs.size > 0,
      },
      this.#options.memoryCounters,
    );
    this.#session = session;
    this.#options.log(`engine process ${session.pid ?? "?"} started`);
    for (const [jobId, job] of this.#jobs) {
      if (job.isWaiting) void this.#resume(session, jobId, job);
    }
  }

  /** Runs a lost job in the new process. */
  async #resume(session: EngineSession, jobId: JobId, job: RunningJob): Promise<void> {
    job.isWaiting = false;
    try {
      await session.invoke("resumeJob", { jobId, ...job.request, failure: job.failure });
    } catch (error) {
      // If its process ended as well, that was reported already, or the job waits again.
      if (this.#jobs.get(jobId) !== job || this.#session !== session) return;
      this.#forgetJob(jobId);
      this.#emitter.emit("job-failed", { jobId, error: toErrorData(error) });
    }
  }

  #forward({ event, payload }: EngineEvent): void {
    // Proof of the cast: `parseEngineMessage` parsed the payload with this topic's schema.
    const typed = payload as EngineEvents[typeof event];
    if ("jobId" in typed) {
      // The engine may hear late of a cancel that was answered in its place.
      if (this.#endedJobs.has(typed.jobId)) return;
      const hasEnded = ["job-finished", "job-failed", "job-cancelled"].includes(event);
      if (hasEnded) this.#forgetJob(typed.jobId);
      else this.#noteBegun(typed.jobId);
    }
    this.#emitter.emit(event, typed);
  }

  #noteJob(jobId: JobId): void {
    if (this.#jobs.has(jobId) || this.#endedJobs.has(jobId)) return;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const isNew = { request: null, failure: null, isWaiting: false, hasBegun: false };
    this.#jobs.set(jobId, { ended, end, ...isNew });
  }

  #noteBegun(jobId: JobId): void {
    this.#noteJob(jobId);
    const job = this.#jobs.get(jobId);
    if (job) job.hasBegun = true;
  }

  #forgetJob(jobId: JobId): void {
    this.#jobs.get(jobId)?.end();
    this.#jobs.delete(jobId);
    this.#cancelled.delete(jobId);
    this.#endedJobs.add(jobId);
  }

  /** @param failure null if the host ended the process itself, see [Note: whose fault] */
  #afterEnd(session: EngineSession, reason: string, failure: AppErrorData | null): void {
    if (this.#session === session) this.#session = null;
    this.#options.log(`engine process ${session.pid ?? "?"} ended: ${reason}`);
    if (this.#isDisposed) return;
    if (failure === null) this.#keepJobs(toErrorData(engineDied(reason)));
    else this.#endLostJobs(failure);
    // A new process may count its jobs from the start again.
    this.#endedJobs.clear();
    if (failure === null) this.#launch();
    else this.#scheduleLaunch();
    const isDeliberate = failure === null && { isDeliberate: true };
    this.#emitter.emit("engine-restarted", { reason, ...isDeliberate });
  }

  /** After a first death at once, so that the next request already meets the new process. */
  #scheduleLaunch(): void {
    const waitMs = this.#respawnDelay.afterDeath(performance.now());
    if (waitMs === 0) this.#launch();
    else this.#respawnTimer = setTimeout(() => this.#launch(), waitMs);
  }

  /** Jobs whose process the host replaced: all but the cancelled ones go on in the next. */
  #keepJobs(error: AppErrorData): void {
    for (const [jobId, job] of [...this.#jobs]) {
      if (!this.#cancelled.has(jobId) && job.request !== null) letWait(job);
      else this.#endLostJob(jobId, error);
    }
  }

  /** Jobs that went with their process: those of a first run wait for the next one. */
  #endLostJobs(failure: AppErrorData): void {
    const jobs = [...this.#jobs];
    // Without a word from any of them it may have been each of them; so no job is begun for ever.
    const isAnyKnown = jobs.some(([, { hasBegun }]) => hasBegun);
    for (const [jobId, job] of jobs) {
      const isBlamed = job.hasBegun || !isAnyKnown;
      const isOver = this.#cancelled.has(jobId) || job.request === null;
      if (isOver || (isBlamed && job.failure !== null)) {
        this.#endLostJob(jobId, failure);
        continue;
      }
      if (isBlamed) job.failure = failure;
      letWait(job);
    }
  }

  #endLostJob(jobId: JobId, error: AppErrorData): void {
    const wasCancelled = this.#cancelled.has(jobId);
    this.#forgetJob(jobId);
    if (wasCancelled) this.#emitter.emit("job-cancelled", { jobId });
    else this.#emitter.emit("job-failed", { jobId, error });
  }

  /** Asks the engine to cancel, and replaces its process if it does not: a cancel always works. */
  async #cancel(request: unknown): Promise<unknown> {
    const { jobId } = parseAs(byJobSchema, request, "request for cancelJob", "caller");
    const session = this.#session;
    const job = this.#jobs.get(jobId);
    if (job && (!session || job.isWaiting)) {
      // It waits for a process: there is nobody to ask.
      this.#dropJob(jobId);
      return {};
    }
    if (!session || !job) return this.#ask("cancelJob", { jobId });
    this.#cancelled.add(jobId);
    const answer = session.invoke("cancelJob", { jobId });
    if (!(await settlesWithin([answer, job.ended], this.#timing.cancelAnswerMs))) {
      if (this.#standsBehindAnother(job)) {
        // Nothing of it runs: the job that keeps the engine from answering need not go.
        this.#dropJob(jobId);
        return {};
      }
      session.replace("it did not react to a cancel");
    }
    // A job that is gone is cancelled, whatever became of the answer.
    if (this.#jobs.get(jobId) !== job) return {};
    void this.#replaceUnlessEnded(session, job.ended);
    return answer;
  }

  async #replaceUnlessEnded(session: EngineSession, ended: Promise<void>): Promise<void> {
    if (await settlesWithin([ended], this.#timing.cancelEndMs)) return;
    session.replace("a cancelled job went on");
  }

  /** True for a job in the engine's queue while another one is worked on. */
  #standsBehindAnother({ hasBegun }: RunningJob): boolean {
    return !hasBegun && [...this.#jobs.values()].some((other) => other.hasBegun);
  }

  /** Cancels a job without the engine. */
  #dropJob(jobId: JobId): void {
    this.#forgetJob(jobId);
    this.#emitter.emit("job-cancelled", { jobId });
  }
}

/** Lets a job wait for the next process, where it stands in the queue again. */
function letWait(job: RunningJob): void {
  job.isWaiting = true;
  job.hasBegun = false;
}

/** True if one of the promises is kept or broken in time. */
async function settlesWithin(
  promises: readonly Promise<unknown>[],
  timeoutMs: number,
): Promise<boolean> {
  const stop = new AbortController();
  const settled = promises.map((promise) =>
    promise.then(
      () => true,
      () => true,
    ),
  );
  const timeout = delay(timeoutMs, false, { signal: stop.signal }).catch(() => false);
  try {
    return await Promise.race([...settled, timeout]);
  } finally {
    stop.abort();
  }
}
