import { AppError, fromErrorData } from "../../core/errors.js";
import type { EditorApi } from "../../shared/api.js";
import type { Events } from "../../shared/events.js";
import type { JobId } from "../../shared/ids.js";
import type { JobRequest } from "../../shared/jobs.js";
import type { JobEvent } from "../job/job-state.js";

interface Watch {
  readonly onProgress: (progress: Events["job-progress"]) => void;
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
}

/** Starts jobs and waits for their ends, which are told by events. */
export class JobEnds {
  readonly #api: Pick<EditorApi, "startJob">;
  readonly #watched = new Map<JobId, Watch>();
  /** Events of jobs whose names are not known yet: the engine may report before it has replied. */
  #early: JobEvent[] = [];
  #starting = 0;

  constructor(api: Pick<EditorApi, "startJob">) {
    this.#api = api;
  }

  /**
   * Starts a job. `finished` is kept when its result waits to be accepted.
   * @throws AppError as `startJob`; `finished` rejects with the job's own, or JOB_CANCELLED
   */
  async start(
    request: JobRequest,
    onProgress: Watch["onProgress"],
  ): Promise<{ readonly jobId: JobId; readonly finished: Promise<void> }> {
    this.#starting++;
    try {
      const { jobId } = await this.#api.startJob(request);
      const finished = new Promise<void>((resolve, reject) => {
        this.#watched.set(jobId, { onProgress, resolve, reject });
      });
      for (const event of this.#early) this.handle(event);
      return { jobId, finished };
    } finally {
      this.#starting--;
      if (this.#starting === 0) this.#early = [];
    }
  }

  handle(event: JobEvent): void {
    const { jobId } = event.payload;
    const watch = this.#watched.get(jobId);
    if (watch === undefined) {
      if (this.#starting > 0) this.#early.push(event);
      return;
    }
    if (event.topic === "job-preview" || event.topic === "job-variation") return;
    if (event.topic === "job-progress") {
      watch.onProgress(event.payload);
      return;
    }
    this.#watched.delete(jobId);
    if (event.topic === "job-finished") watch.resolve();
    else if (event.topic === "job-failed") watch.reject(fromErrorData(event.payload.error));
    else watch.reject(new AppError("JOB_CANCELLED", "The work was stopped."));
  }
}
