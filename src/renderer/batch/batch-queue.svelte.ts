import { AppError, toErrorData } from "../../core/errors.js";
import type { EditorApi } from "../../shared/api.js";
import type { InstalledModel } from "../../shared/models.js";
import type { PickedFile, Platform } from "../app/platform.js";
import type { JobEvent } from "../job/job-state.js";
import { isSettled, type BatchItem, type BatchState } from "./batch-item.js";
import { BatchOutputs } from "./batch-output.js";
import { runBatchItem } from "./batch-runner.js";
import { BatchSettings } from "./batch-settings.svelte.js";
import { JobEnds } from "./job-ends.js";

type BatchApi = Pick<
  EditorApi,
  | "openDocument"
  | "closeDocument"
  | "startJob"
  | "cancelJob"
  | "acceptResult"
  | "exportDocument"
  | "exportToFolder"
>;

export interface BatchParts {
  readonly api: BatchApi;
  readonly platform: Pick<Platform, "download" | "randomSeed" | "timer">;
  readonly model: () => InstalledModel | null;
  readonly onError: (error: unknown) => void;
  readonly onFinished: () => void;
}

/** How often a picture is tried whose engine died of something, perhaps of the picture itself. */
const MOST_TRIES = 2;
/** A new engine process needs a moment. */
const ENGINE_WAIT_MS = 1_500;

/** Pictures to be enlarged one after another, each with a state of its own. */
export class BatchQueue {
  items = $state.raw<readonly BatchItem[]>([]);
  isRunning = $state(false);
  readonly settings = new BatchSettings();

  readonly #parts: BatchParts;
  readonly #jobs: JobEnds;
  readonly #outputs: BatchOutputs;
  #stop = new AbortController();
  #nextId = 1;

  constructor(parts: BatchParts) {
    this.#parts = parts;
    this.#jobs = new JobEnds(parts.api);
    this.#outputs = new BatchOutputs(parts.api, parts.platform);
  }

  readonly #counts = $derived.by(() => {
    const of = (kind: BatchState["kind"]) =>
      this.items.filter(({ state }) => state.kind === kind).length;
    return { waiting: of("waiting"), done: of("done"), failed: of("failed") };
  });

  get waiting(): number {
    return this.#counts.waiting;
  }

  get done(): number {
    return this.#counts.done;
  }

  get failed(): number {
    return this.#counts.failed;
  }

  /** Puts files at the end; what looks like a file of the list is left out, and says so. */
  add(files: readonly PickedFile[]): void {
    for (const file of files) {
      const isKnown = this.items.some(
        (item) => item.file.name === file.name && item.file.byteLength === file.byteLength,
      );
      const state: BatchState = isKnown
        ? { kind: "skipped", reason: "duplicate" }
        : { kind: "waiting" };
      this.items = [...this.items, { id: this.#nextId++, file, state }];
    }
  }

  /** Takes a picture out of the list; the one at work stays until it is done or stopped. */
  remove(id: number): void {
    this.items = this.items.filter((item) => item.id !== id || item.state.kind === "running");
  }

  removeFinished(): void {
    this.items = this.items.filter(({ state }) => state.kind !== "done");
  }

  retry(id: number): void {
    this.#set(id, { kind: "waiting" }, isSettled);
  }

  retryFailed(): void {
    for (const { id, state } of this.items) if (state.kind === "failed") this.retry(id);
  }

  handle(event: JobEvent): void {
    this.#jobs.handle(event);
  }

  /** Works until nothing waits any more, or `stop`. Files that come meanwhile are included. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        const next = this.items.find(({ state }) => state.kind === "waiting");
        if (next === undefined) break;
        await this.#run(next, signal);
      }
      await this.#outputs.finish();
    } catch (error) {
      this.#parts.onError(error);
    } finally {
      this.isRunning = false;
    }
    if (!signal.aborted) this.#parts.onFinished();
  }

  /** Stops the picture at work and all that wait; they can be tried again. */
  stop(): void {
    this.#stop.abort(new AppError("JOB_CANCELLED", "The work was stopped."));
    for (const { id } of this.items) {
      this.#set(id, { kind: "stopped" }, ({ state }) => state.kind === "waiting");
    }
  }

  async #run({ id, file }: BatchItem, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.#set(id, await this.#tryOnce(id, file, signal));
        return;
      } catch (error) {
        const data = toErrorData(error);
        const isLost = data.code === "ENGINE_DIED" && attempt < MOST_TRIES && !signal.aborted;
        if (!isLost) {
          const isStopped = signal.aborted || data.code === "JOB_CANCELLED";
          this.#set(id, isStopped ? { kind: "stopped" } : { kind: "failed", error: data });
          return;
        }
        await new Promise<void>((resolve) => this.#parts.platform.timer(resolve, ENGINE_WAIT_MS));
      }
    }
  }

  async #tryOnce(id: number, file: PickedFile, signal: AbortSignal): Promise<BatchState> {
    const { api, platform } = this.#parts;
    const model = this.#parts.model();
    if (model === null) {
      throw new AppError(
        "BUNDLE_MISSING",
        "Expected a usable model but there is none; see Settings.",
      );
    }
    return runBatchItem(file, {
      api,
      jobs: this.#jobs,
      outputs: this.#outputs,
      settings: this.settings,
      model,
      seed: platform.randomSeed(),
      signal,
      onState: (state) => this.#set(id, state),
    });
  }

  #set(id: number, state: BatchState, isMeant: (item: BatchItem) => boolean = () => true): void {
    this.items = this.items.map((item) =>
      item.id === id && isMeant(item) ? { ...item, state } : item,
    );
  }
}
