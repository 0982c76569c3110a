import { rectsEqual } from "../../core/rect.js";
import { toErrorData } from "../../core/errors.js";
import type { EditorApi, OpenJob } from "../../shared/api.js";
import type { DocumentInfo } from "../../shared/documents.js";
import type { JobId } from "../../shared/ids.js";
import type { JobRequest } from "../../shared/jobs.js";
import { variationOf } from "../../shared/kept-previews.js";
import {
  nextJobState,
  previewsOf,
  variationCount,
  withOlderPreviews,
  type JobEvent,
  type JobPreview,
  type JobProgress,
  type JobResult,
  type JobState,
} from "./job-state.js";
import { paceKind } from "./upscale-target.js";

type JobApi = Pick<EditorApi, "startJob" | "cancelJob" | "acceptResult" | "discardResult">;
type Candidate = JobState & { kind: "candidate" };

/** One job of a picture: waiting, at work, waiting for a decision, or failed. */
export interface JobEntry {
  /** Names the entry for as long as the page lives. */
  readonly key: number;
  readonly request: JobRequest;
  readonly state: JobState;
  /** The shown revision of its document when the engine took it up; a result fits no other. */
  readonly baseRevision: number | null;
  /** The variation that is looked at. */
  readonly variation: number;
  /** The variation that it is compared with, or null. */
  readonly rival: number | null;
}

/** Output megapixels a second that upscales on this machine had, by `paceKind`. */
export type KnownPaces = Readonly<Record<string, number>>;

/**
 * All jobs of one picture. One runs at a time; the others wait here, so that each works on the
 * picture as it is when its turn comes.
 * Results wait for a decision while the next job runs. At most one entry is looked at: `state` is its
 * state, or "idle" while the person works on the picture itself.
 */
export class JobController {
  entries = $state.raw<readonly JobEntry[]>([]);
  /** The scale whose preview the person points at, or null for the newest. */
  peekedScale = $state<number | null>(null);
  /** The variation that the person points at, or null for the chosen one. */
  peekedVariation = $state<number | null>(null);
  /** For estimates. */
  paces = $state.raw<KnownPaces>({});
  #selectedKey = $state<number | null>(null);

  readonly #api: JobApi;
  readonly #now: () => number;
  readonly #shownRevision: () => number | null;
  #startedAt = 0;
  #nextKey = 1;
  // The engine may report before the reply that names the job has come.
  #early: JobEvent[] = [];

  /** @param shownRevision the shown revision of the document that jobs work on */
  constructor(api: JobApi, now: () => number, shownRevision: () => number | null = () => null) {
    this.#api = api;
    this.#now = now;
    this.#shownRevision = shownRevision;
  }

  readonly selected: JobEntry | null = $derived(
    this.entries.find(({ key }) => key === this.#selectedKey) ?? null,
  );

  /** The state of the job that is looked at. */
  readonly state: JobState = $derived(this.selected?.state ?? { kind: "idle" });

  /** True while the job that is looked at is under way. */
  get isActive(): boolean {
    return isUnderWay(this.state);
  }

  /** True while the picture itself can be worked on: no job covers it. */
  get isIdle(): boolean {
    return this.state.kind === "idle" || this.state.kind === "failed";
  }

  /** The job that the engine works on, whether it is looked at or not. */
  get running(): JobEntry | null {
    return this.entries.find(({ state }) => isUnderWay(state)) ?? null;
  }

  get waiting(): readonly JobEntry[] {
    return this.entries.filter(({ state }) => state.kind === "waiting");
  }

  /** Finished jobs whose results wait for a decision. */
  get ready(): readonly JobEntry[] {
    return this.entries.filter(({ state }) => state.kind === "candidate");
  }

  /** True while something waits, is under way or asks for a decision: not if all that is left failed. */
  get isUnfinished(): boolean {
    return this.entries.some(({ state }) => state.kind !== "failed");
  }

  /** The variation on the canvas: the one pointed at, or the chosen one. */
  get variation(): number {
    return this.peekedVariation ?? this.selected?.variation ?? 0;
  }

  /** Previews of the variation on the canvas, coarse to fine. */
  get previews(): readonly JobPreview[] {
    return this.previewsOf(this.variation);
  }

  /** Previews of one variation of the job that is looked at, coarse to fine. */
  previewsOf(variation: number): readonly JobPreview[] {
    return previewsOf(this.state).filter((preview) => variationOf(preview) === variation);
  }

  /** True if the variation on the canvas was shown up to this scale. */
  hasPreview(scale: number | null): boolean {
    return this.previews.some((preview) => preview.scale === scale);
  }

  /** What the canvas shows in place of the document: a peeked or the newest preview, or the result. */
  get shown(): JobPreview | JobResult | null {
    return this.#shownOf(this.variation, this.peekedScale);
  }

  /** Everything that lies over the picture: `shown`, and what was drawn of other regions before. */
  get patches(): readonly (JobPreview | JobResult)[] {
    const { shown, previews } = this;
    if (shown === null) return [];
    const isNewest = shown === previews.at(-1);
    if (!isNewest) return [shown];
    const before = previews.filter(({ rect }) => !rectsEqual(rect, shown.rect));
    return [...before, shown];
  }

  /** What is compared with `shown`, or null. */
  get shownRival(): JobPreview | JobResult | null {
    const rival = this.selected?.rival ?? null;
    return rival === null || rival === this.variation ? null : this.#shownOf(rival, null);
  }

  /** The newest picture of a variation, as far as it has come. */
  newestOf(variation: number): JobPreview | JobResult | null {
    return this.#shownOf(variation, null);
  }

  #shownOf(variation: number, scale: number | null): JobPreview | JobResult | null {
    const { state } = this;
    const previews = this.previewsOf(variation);
    const peeked = previews.findLast((preview) => preview.scale === scale);
    if (peeked !== undefined) return peeked;
    if (state.kind === "candidate") return state.results[variation] ?? state.result;
    return state.kind === "running" ? (previews.at(-1) ?? null) : null;
  }

  // --- looking ---------------------------------------------------------------------------------

  /** Looks at a job; null looks at the picture itself and leaves every job where it is. */
  select(key: number | null): void {
    this.#selectedKey = key;
    this.peekedScale = null;
    this.peekedVariation = null;
  }

  chooseVariation(variation: number): void {
    const { selected } = this;
    if (selected === null) return;
    const last = variationCount(selected.request) - 1;
    this.#update(selected.key, { variation: Math.max(0, Math.min(variation, last)) });
  }

  /** Compares the chosen variation with another; null stops comparing. */
  compareWith(rival: number | null): void {
    if (this.selected !== null) this.#update(this.selected.key, { rival });
  }

  // --- running ---------------------------------------------------------------------------------

  /**
   * Puts a job at the end of the queue, and looks at it if it can begin at once. A start that the
   * engine refuses becomes the state "failed" and is thrown.
   */
  async start(request: JobRequest): Promise<void> {
    const key = this.#nextKey++;
    const isFirst = this.running === null;
    const entry: JobEntry = {
      key,
      request,
      state: { kind: "waiting", request },
      baseRevision: null,
      variation: 0,
      rival: null,
    };
    // A failure that was looked at has been read by now.
    const kept = this.entries.filter(({ state }) => state.kind !== "failed");
    this.entries = [...kept, entry];
    if (isFirst) this.select(key);
    await this.#startNext();
  }

  handle(event: JobEvent): void {
    const current = this.running;
    if (current === null) return;
    if (current.state.kind === "starting") {
      this.#early.push(event);
      return;
    }
    const next = nextJobState(current.state, event, this.#now() - this.#startedAt);
    if (next === current.state) return;
    if (event.topic === "job-progress") this.#learn(current.request, event.payload.rate);
    if (next.kind === "idle") this.#remove(current.key);
    else this.#update(current.key, { state: next });
    if (!isUnderWay(next)) this.#goOn();
  }

  /**
   * Cancels a job, the one that is looked at by default: a waiting one goes at once, one that is
   * starting as soon as the engine has named it.
   */
  async cancel(key = this.#selectedKey): Promise<void> {
    const entry = this.#entry(key);
    if (entry?.state.kind === "waiting") return this.#remove(entry.key);
    if (entry === null || !isUnderWay(entry.state) || entry.state.isCancelling) return;
    const { state } = entry;
    this.#update(entry.key, { state: { ...state, isCancelling: true } });
    if (state.kind === "running") await this.#api.cancelJob({ jobId: state.jobId });
  }

  /** Takes the chosen variation into the document. Returns that, or null if there is no result. */
  async accept(): Promise<DocumentInfo | null> {
    const { selected } = this;
    return this.#settle(selected, ({ jobId }) =>
      this.#api.acceptResult(
        selected !== null && variationCount(selected.request) > 1
          ? { jobId, variation: selected.variation }
          : { jobId },
      ),
    );
  }

  /** Throws a result away, by default the one that is looked at. */
  async discard(key = this.#selectedKey): Promise<void> {
    await this.#settle(this.#entry(key), ({ jobId }) => this.#api.discardResult({ jobId }));
  }

  /** Forgets a failed job. */
  dismiss(key = this.#selectedKey): void {
    const entry = this.#entry(key);
    if (entry?.state.kind === "failed") this.#remove(entry.key);
  }

  /** Ends everything: the document is about to be closed. */
  async endAll(): Promise<void> {
    const { entries } = this;
    this.entries = entries.filter(({ state }) => state.kind !== "waiting");
    await Promise.all(entries.flatMap(({ key }) => [this.cancel(key), this.discard(key)]));
  }

  /**
   * The engine was replaced: the host lets the running job begin once more, under the same name, or
   * reports that it failed.
   */
  beginAgain(): void {
    const entry = this.running;
    if (entry?.state.kind !== "running") return;
    this.#update(entry.key, { state: { ...entry.state, progress: null } });
  }

  /**
   * Takes over a job that an earlier page began, and looks at it. One that is known already gets what
   * it missed.
   */
  resume(
    open: OpenJob,
    missed: readonly JobEvent[] = [],
    previews: readonly JobPreview[] = [],
  ): void {
    const { jobId, request, revision, elapsedMs } = open;
    const known = this.entries.find(({ state }) => jobIdOf(state) === jobId);
    const running: JobState = {
      kind: "running",
      jobId,
      request,
      progress: null,
      previews: [],
      pictures: [],
      isCancelling: false,
    };
    const state = missed.reduce(
      (before, event) => nextJobState(before, event, elapsedMs),
      withOlderPreviews(known?.state ?? running, previews),
    );
    if (state.kind === "running") this.#startedAt = this.#now() - elapsedMs;
    if (known !== undefined) {
      this.#update(known.key, { state });
      return;
    }
    const key = this.#nextKey++;
    const entry = { key, request, state, baseRevision: revision, variation: 0, rival: null };
    this.entries = [...this.entries, entry];
    this.select(key);
  }

  /** Another window took or threw away a result; here it is gone as well. */
  afterSettling(jobId: JobId): void {
    const entry = this.entries.find(({ state }) => jobIdOf(state) === jobId);
    if (entry?.state.kind === "candidate" && !entry.state.isSettling) this.#remove(entry.key);
  }

  // --- inside ----------------------------------------------------------------------------------

  #entry(key: number | null): JobEntry | null {
    return this.entries.find((entry) => entry.key === key) ?? null;
  }

  #update(key: number, changes: Partial<JobEntry>): void {
    this.entries = this.entries.map((entry) =>
      entry.key === key ? { ...entry, ...changes } : entry,
    );
  }

  #remove(key: number): void {
    this.entries = this.entries.filter((entry) => entry.key !== key);
    if (this.#selectedKey === key) this.#selectNext();
  }

  /** After a decision: the job at work, or else the oldest result. */
  #selectNext(): void {
    this.select((this.running ?? this.ready[0])?.key ?? null);
  }

  /** The next job begins by itself; if it cannot, its entry says why. */
  #goOn(): void {
    this.#startNext().catch(() => undefined);
  }

  async #startNext(): Promise<void> {
    const entry = this.entries.find(({ state }) => state.kind === "waiting");
    if (this.running !== null || entry === undefined) return;
    const { key, request } = entry;
    this.#early = [];
    this.#startedAt = this.#now();
    const starting: JobState = { kind: "starting", request, isCancelling: false };
    this.#update(key, { state: starting, baseRevision: this.#shownRevision() });
    try {
      const { jobId } = await this.#api.startJob(request);
      // The document may have been closed meanwhile.
      const named = this.#entry(key)?.state;
      if (named?.kind !== "starting") return;
      const { isCancelling } = named;
      const state: JobState = {
        kind: "running",
        jobId,
        request,
        progress: null,
        previews: [],
        pictures: [],
        isCancelling,
      };
      this.#update(key, { state });
      for (const event of this.#early.splice(0)) this.handle(event);
      const isGoing = this.#entry(key)?.state.kind === "running";
      if (isCancelling && isGoing) await this.#api.cancelJob({ jobId });
    } catch (error) {
      if (this.#entry(key)?.state.kind === "starting") {
        const data = toErrorData(error);
        this.#update(key, { state: { kind: "failed", request, error: data, previews: [] } });
        this.#goOn();
      }
      throw error;
    }
  }

  #learn(request: JobRequest, rate: JobProgress["rate"]): void {
    if (request.kind !== "upscale" || rate?.unit !== "megapixels" || rate.value <= 0) return;
    this.paces = { ...this.paces, [paceKind(request)]: rate.value };
  }

  async #settle<T>(
    entry: JobEntry | null,
    call: (candidate: Candidate) => Promise<T>,
  ): Promise<T | null> {
    const candidate = entry?.state;
    if (entry === null || candidate?.kind !== "candidate" || candidate.isSettling) return null;
    this.#update(entry.key, { state: { ...candidate, isSettling: true } });
    this.peekedScale = null;
    try {
      const reply = await call(candidate);
      this.#remove(entry.key);
      return reply;
    } catch (error) {
      const data = toErrorData(error);
      // A result that is gone cannot be decided about; any other failure may pass.
      if (data.code === "JOB_UNKNOWN") this.#remove(entry.key);
      else this.#update(entry.key, { state: candidate });
      throw error;
    }
  }
}

function jobIdOf(state: JobState): JobId | null {
  return "jobId" in state ? state.jobId : null;
}

function isUnderWay(state: JobState): state is JobState & { kind: "starting" | "running" } {
  return state.kind === "starting" || state.kind === "running";
}
