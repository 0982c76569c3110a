import { setTimeout as delay } from "node:timers/promises";
import { AppError, toErrorData } from "../core/errors.js";
import { isEngineMethod, type EngineMethod } from "../shared/api.js";
import type { EngineEvent } from "../shared/engine-messages.js";
import { parseAs } from "../shared/errors.js";
import type { EngineEvents, Topic } from "../shared/events.js";
import { jobIdSchema, type JobId } from "../shared/ids.js";
import type { Transport } from "../shared/transport.js";
import { z } from "../shared/zod.js";
import { Emitter } from "./emitter.js";
import type { EngineLauncher } from "./engine-launcher.js";
import { engineDied, EngineSession } from "./engine-session.js";
import type { HeartbeatTiming } from "./heartbeat.js";
import { RespawnDelay } from "./respawn-delay.js";

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
  /** Told what happens to the process, for a log. */
  readonly log: (line: string) => void;
}

const byJobSchema = z.object({ jobId: jobIdSchema });

/**
 * Keeps an engine process alive for a host: routes requests, forwards events, notices crashes and
 * hangs, starts a new process, and tells what was lost. Documents lie on disk in the session folder,
 * so a new process has them all.
 */
export class EngineProcess implements Transport {
  readonly #options: EngineProcessOptions;
  readonly #timing: EngineTiming;
  readonly #emitter: Emitter;
  readonly #respawnDelay = new RespawnDelay();
  /** Jobs that have started and not ended yet, and how to tell that they did. */
  readonly #jobs = new Map<JobId, { readonly ended: Promise<void>; readonly end: () => void }>();
  /** Jobs whose end was asked for: if the process goes, they are cancelled and not failed. */
  readonly #cancelled = new Set<JobId>();
  /** Ended jobs of this process: a job's end may be heard before the reply that names the job. */
  readonly #endedJobs = new Set<JobId>();
  #session: EngineSession | null = null;
  #respawnTimer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(options: EngineProcessOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#emitter = new Emitter((error) => options.log(toErrorData(error).message));
    this.#launch();
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
    const reply = await this.#ask(method, request);
    if (method === "startJob") this.#noteJob(parseJobReply(reply));
    return reply;
  }

  /** Ends the process for good. */
  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#respawnTimer);
    this.#session?.end("the app was closed");
  }

  #ask(method: EngineMethod, request: unknown): Promise<unknown> {
    if (this.#session) return this.#session.invoke(method, request);
    return Promise.reject(engineDied("it ended repeatedly and is started again in some seconds"));
  }

  #launch(): void {
    const session: EngineSession = new EngineSession(
      this.#options.launcher.launch(),
      this.#timing,
      {
        onEvent: (event) => this.#forward(event),
        onEnd: (reason) => this.#afterEnd(session, reason),
        hasJobs: () => this.#jobs.size > 0,
      },
    );
    this.#session = session;
    this.#options.log(`engine process ${session.pid ?? "?"} started`);
  }

  #forward({ event, payload }: EngineEvent): void {
    // Proof of the cast: `parseEngineMessage` parsed the payload with this topic's schema.
    const typed = payload as EngineEvents[typeof event];
    if ("jobId" in typed) {
      const hasEnded = ["job-finished", "job-failed", "job-cancelled"].includes(event);
      if (hasEnded) this.#forgetJob(typed.jobId);
      else this.#noteJob(typed.jobId);
    }
    this.#emitter.emit(event, typed);
  }

  #noteJob(jobId: JobId): void {
    if (this.#jobs.has(jobId) || this.#endedJobs.has(jobId)) return;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    this.#jobs.set(jobId, { ended, end });
  }

  #forgetJob(jobId: JobId): void {
    this.#jobs.get(jobId)?.end();
    this.#jobs.delete(jobId);
    this.#cancelled.delete(jobId);
    this.#endedJobs.add(jobId);
  }

  #afterEnd(session: EngineSession, reason: string): void {
    if (this.#session === session) this.#session = null;
    this.#options.log(`engine process ${session.pid ?? "?"} ended: ${reason}`);
    if (this.#isDisposed) return;
    this.#scheduleLaunch();
    this.#reportLostJobs(reason);
    // A new process may count its jobs from the start again.
    this.#endedJobs.clear();
    this.#emitter.emit("engine-restarted", { reason });
  }

  /** After a first death at once, so that the next request already meets the new process. */
  #scheduleLaunch(): void {
    const waitMs = this.#respawnDelay.afterDeath(performance.now());
    if (waitMs === 0) this.#launch();
    else this.#respawnTimer = setTimeout(() => this.#launch(), waitMs);
  }

  #reportLostJobs(reason: string): void {
    for (const jobId of [...this.#jobs.keys()]) {
      const wasCancelled = this.#cancelled.has(jobId);
      this.#forgetJob(jobId);
      if (wasCancelled) this.#emitter.emit("job-cancelled", { jobId });
      else this.#emitter.emit("job-failed", { jobId, error: toErrorData(engineDied(reason)) });
    }
  }

  /** Asks the engine to cancel, and replaces its process if it does not: a cancel always works. */
  async #cancel(request: unknown): Promise<unknown> {
    const { jobId } = parseAs(byJobSchema, request, "request for cancelJob", "caller");
    const session = this.#session;
    const job = this.#jobs.get(jobId);
    if (!session || !job) return this.#ask("cancelJob", { jobId });
    this.#cancelled.add(jobId);
    const answer = session.invoke("cancelJob", { jobId });
    if (!(await settlesWithin([answer, job.ended], this.#timing.cancelAnswerMs))) {
      session.end("it did not react to a cancel");
    }
    // A job that is gone is cancelled, whatever became of the answer.
    if (this.#jobs.get(jobId) !== job) return {};
    void this.#replaceUnlessEnded(session, job.ended);
    return answer;
  }

  async #replaceUnlessEnded(session: EngineSession, ended: Promise<void>): Promise<void> {
    if (await settlesWithin([ended], this.#timing.cancelEndMs)) return;
    session.end("a cancelled job went on");
  }
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

function parseJobReply(reply: unknown): JobId {
  return parseAs(byJobSchema, reply, "reply to startJob", "engine").jobId;
}
