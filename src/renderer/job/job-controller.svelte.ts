import { AppError, toErrorData } from "../../core/errors.js";
import type { EditorApi } from "../../shared/api.js";
import type { DocumentInfo } from "../../shared/documents.js";
import type { JobRequest } from "../../shared/jobs.js";
import {
  nextJobState,
  previewsOf,
  type JobEvent,
  type JobPreview,
  type JobState,
} from "./job-state.js";

type JobApi = Pick<EditorApi, "startJob" | "cancelJob" | "acceptResult" | "discardResult">;

/** Starts a job, follows it by its events, and settles its result. */
export class JobController {
  state = $state.raw<JobState>({ kind: "idle" });
  /** The scale whose preview the person looks at, or null for the newest. */
  peekedScale = $state<number | null>(null);

  readonly #api: JobApi;
  readonly #now: () => number;
  #startedAt = 0;
  // The engine may report before the reply that names the job has come.
  #early: JobEvent[] = [];

  constructor(api: JobApi, now: () => number) {
    this.#api = api;
    this.#now = now;
  }

  /** True from the start of a job until it ended. */
  get isActive(): boolean {
    return this.state.kind === "starting" || this.state.kind === "running";
  }

  get isIdle(): boolean {
    return this.state.kind === "idle" || this.state.kind === "failed";
  }

  /** What the canvas shows in place of the document: a peeked or the newest preview, or the result. */
  get shown(): JobPreview | (JobState & { kind: "candidate" })["result"] | null {
    const previews = previewsOf(this.state);
    const peeked = previews.find(({ scale }) => scale === this.peekedScale);
    if (peeked !== undefined) return peeked;
    if (this.state.kind === "candidate") return this.state.result;
    return this.state.kind === "running" ? (previews.at(-1) ?? null) : null;
  }

  /**
   * Starts a job if none is running or waiting for a decision. A failed start becomes the state
   * "failed" and is thrown.
   */
  async start(request: JobRequest): Promise<void> {
    if (!this.isIdle) return;
    this.#early = [];
    this.peekedScale = null;
    this.#startedAt = this.#now();
    const starting: JobState = { kind: "starting", request };
    this.state = starting;
    try {
      const { jobId } = await this.#api.startJob(request);
      // The engine may have died meanwhile.
      if (this.state !== starting) return;
      this.state = {
        kind: "running",
        jobId,
        request,
        progress: null,
        previews: [],
        isCancelling: false,
      };
      for (const event of this.#early) this.handle(event);
    } catch (error) {
      if (this.state === starting) {
        this.state = { kind: "failed", request, error: toErrorData(error), previews: [] };
      }
      throw error;
    } finally {
      this.#early = [];
    }
  }

  handle(event: JobEvent): void {
    if (this.state.kind === "starting") {
      this.#early.push(event);
      return;
    }
    this.state = nextJobState(this.state, event, this.#now() - this.#startedAt);
  }

  async cancel(): Promise<void> {
    if (this.state.kind !== "running" || this.state.isCancelling) return;
    this.state = { ...this.state, isCancelling: true };
    await this.#api.cancelJob({ jobId: this.state.jobId });
  }

  /** Takes the result into the document. Returns the document, or null if there is no result. */
  async accept(): Promise<DocumentInfo | null> {
    return this.#settle((candidate) => this.#api.acceptResult({ jobId: candidate.jobId }));
  }

  async discard(): Promise<void> {
    await this.#settle((candidate) => this.#api.discardResult({ jobId: candidate.jobId }));
  }

  /** Forgets a failed job. */
  dismiss(): void {
    if (this.state.kind === "failed") this.state = { kind: "idle" };
  }

  /** The engine was replaced: whatever ran is lost, and a result that waited may be too. */
  loseEngine(): void {
    if (this.state.kind !== "starting" && this.state.kind !== "running") return;
    const error = toErrorData(
      new AppError(
        "ENGINE_DIED",
        "Expected the engine to finish the job but it stopped in the middle. It was restarted; run the job again.",
      ),
    );
    const { request } = this.state;
    this.state = { kind: "failed", request, error, previews: previewsOf(this.state) };
  }

  async #settle<T>(
    call: (candidate: JobState & { kind: "candidate" }) => Promise<T>,
  ): Promise<T | null> {
    const candidate = this.state;
    if (candidate.kind !== "candidate" || candidate.isSettling) return null;
    this.state = { ...candidate, isSettling: true };
    this.peekedScale = null;
    try {
      const reply = await call(candidate);
      this.state = { kind: "idle" };
      return reply;
    } catch (error) {
      const data = toErrorData(error);
      // A result that is gone cannot be decided about; any other failure may pass.
      this.state = data.code === "JOB_UNKNOWN" ? { kind: "idle" } : candidate;
      throw error;
    }
  }
}
