import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  currentEntry,
  entryOfRevision,
  goToRevision,
  redo,
  undo,
  type DocumentState,
} from "../core/document/history.js";
import { AppError } from "../core/errors.js";
import { intersectRects, isEmptyRect, rectOfSize } from "../core/rect.js";
import { engineMethods, isEngineMethod, type EngineApi, type RequestOf } from "../shared/api.js";
import type { DocumentInfo } from "../shared/documents.js";
import { parseAs } from "../shared/errors.js";
import type { EngineEvents, EngineTopic, Topic } from "../shared/events.js";
import type { DocumentId, JobId } from "../shared/ids.js";
import type { JobRequest } from "../shared/jobs.js";
import type { InstalledModel } from "../shared/models.js";
import type { Prober } from "../shared/probe.js";
import type { Transport } from "../shared/transport.js";
import { fingerprintOf, type Fingerprint } from "./files/fingerprint.js";
import { readPicture } from "./files/read-picture.js";
import type { JobResult, VariationResult } from "./job-result.js";
import { DrawnCodesMemory } from "./jobs/drawn-codes.js";
import { JobQueue, type ResumedJob } from "./jobs/job-queue.js";
import { ResultStore } from "./jobs/result-store.js";
import { maskMethods } from "./masks/mask-methods.js";
import { createModelParts, type ModelParts } from "./model-parts.js";
import { isOpenRaster } from "./project/open-raster.js";
import { openProject } from "./project/open-project.js";
import { filesOfResult, runJob, type JobBase, variationOf } from "./run-job.js";
import type { DocumentFile, StoredEntry } from "./store/document-file.js";
import { describeDocument } from "./store/describe-document.js";
import { documentMethods } from "./store/document-methods.js";
import { DocumentStore } from "./store/document-store.js";
import { plainBytes } from "./store/plain-bytes.js";
import { scaleThumbnails } from "./store/scale-thumbnails.js";
import { TileCache } from "./store/tiles.js";
import { transformDocument } from "./transform.js";
import {
  upscaleFile,
  type UpscaledFile,
  type UpscaleFileContext,
  type UpscaleFileRequest,
} from "./upscale/upscale-file.js";
import { upscaleMethods } from "./upscale/upscale-methods.js";

export { readFileBytes } from "./files/read-bytes.js";
export { readMask } from "./files/read-mask.js";
export { describeFingerprint, sameFingerprint, type Fingerprint } from "./files/fingerprint.js";
export { readRecipe } from "./files/read-recipe.js";
export type { Recipe, RecipeStep } from "./files/recipe.js";
export { restoreRequest } from "./files/recorded-request.js";
export { readPicture, type Picture } from "./files/read-picture.js";
export type {
  UpscaledFile,
  UpscaleFileContext,
  UpscaleFileRequest,
} from "./upscale/upscale-file.js";
export { writeFileAtomically } from "./process/atomic-write.js";

export interface EngineOptions {
  /** Holds one folder a bundle. */
  readonly modelsDir: string;
  /** Holds the open documents; made if it is not there. */
  readonly sessionDir: string;
  /** Holds imported bundles; without it none can be imported. */
  readonly importedModelsDir?: string;
  /** Remembers what was found out about devices and models; may be deleted at any time. */
  readonly stateDir?: string;
  /** Device to compute on; by default the variable SPECTRAL_DEVICE, else what was chosen before. */
  readonly device?: string;
  /** Tries devices and foreign models in a process that may die; without it no device but the CPU. */
  readonly prober?: Prober;
}

/** The engine in this process. Inference blocks the thread: hosts with windows run it in a child. */
export interface Engine extends Transport {
  /** Typed calls whose requests are already parsed. */
  readonly api: EngineApi;
  /** Installs a bundle from a folder or a zip file of this machine; as `importBundle` otherwise. */
  importBundlePath(path: string): Promise<InstalledModel>;
  /** Tells the shown picture of a document from every other one. */
  fingerprint(documentId: DocumentId): Promise<Fingerprint>;
  /**
   * Enlarges a file of this machine into another one; a job that is no document's, for scripts. Ends
   * between tiles when `signal` is aborted.
   */
  upscaleFile(request: UpscaleFileRequest, context: UpscaleFileContext): Promise<UpscaledFile>;
  /** Tries devices that nobody tried yet, in the background, and moves over to a faster one. */
  exploreDevices(): void;
  /** Cancels jobs and frees sessions; documents stay in the session folder. */
  dispose(): Promise<void>;
}

type Listeners = { [T in EngineTopic]?: Set<(payload: unknown) => void> };
type State = DocumentState<StoredEntry>;

/** Makes an engine; bundles are looked for and loaded when they are first needed. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  await mkdir(options.sessionDir, { recursive: true });
  return new InProcessEngine(options);
}

class InProcessEngine implements Engine {
  readonly api: EngineApi;
  readonly #listeners: Listeners = {};
  readonly #parts: ModelParts;
  readonly #store: DocumentStore;
  readonly #documents: ReturnType<typeof documentMethods>;
  readonly #tiles = new TileCache();
  readonly #jobs: JobQueue<JobResult>;
  readonly #drawn: DrawnCodesMemory;

  constructor(options: EngineOptions) {
    const { sessionDir } = options;
    this.#parts = createModelParts(options, (topic, payload) => this.#emit(topic, payload));
    this.#store = new DocumentStore(sessionDir);
    this.#documents = documentMethods(this.#store, sessionDir);
    this.#drawn = new DrawnCodesMemory(new ResultStore(join(sessionDir, "drawn")));
    this.#jobs = new JobQueue(
      (topic, payload) => this.#emit(topic, payload),
      () => performance.now(),
      {
        store: new ResultStore<JobResult>(join(sessionDir, "results")),
        isWorthRetrying: (failure) => this.#parts.isWorthRetrying(failure),
      },
    );
    this.api = this.#methods();
  }

  async invoke(method: string, request: unknown): Promise<unknown> {
    if (!isEngineMethod(method)) {
      throw new AppError(
        "REQUEST_INVALID",
        `Expected a method of the engine but got "${method}".`,
        {
          method,
        },
      );
    }
    const parsed = parseAs<unknown>(
      engineMethods[method].request,
      request,
      `request for ${method}`,
      "caller",
    );
    // Proof of the cast: `parsed` came from the very schema that gives this method's request type.
    return (this.api[method] as (request: unknown) => Promise<unknown>)(parsed);
  }

  subscribe(topic: Topic, listener: (payload: unknown) => void): () => void {
    // Topics that hosts add never come from here, but a listener for them does no harm.
    const listeners = (this.#listeners[topic as EngineTopic] ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  importBundlePath(path: string): Promise<InstalledModel> {
    return this.#parts.importPath(path);
  }

  async fingerprint(documentId: DocumentId): Promise<Fingerprint> {
    const { state } = await this.#store.get(documentId);
    const { revision } = currentEntry<StoredEntry>(state);
    return fingerprintOf(await this.#store.raster(documentId, revision));
  }

  upscaleFile(request: UpscaleFileRequest, context: UpscaleFileContext): Promise<UpscaledFile> {
    return upscaleFile(this.#parts, request, context);
  }

  exploreDevices(): void {
    this.#parts.explore();
  }

  async dispose(): Promise<void> {
    this.#jobs.dispose();
    await this.#parts.models.dispose();
  }

  #emit<T extends EngineTopic>(topic: T, payload: EngineEvents[T]): void {
    for (const listener of this.#listeners[topic] ?? []) listener(payload);
  }

  #methods(): EngineApi {
    return {
      ping: async () => ({}),
      ...this.#parts.methods,
      openDocument: (request) => this.#open(request),
      getDocument: async ({ documentId }) => describeDocument(await this.#store.get(documentId)),
      closeDocument: async ({ documentId }) => {
        await this.#store.close(documentId);
        this.#tiles.forget(documentId);
        return {};
      },
      readTile: (request) => this.#readTile(request),
      readScaleThumbnails: (request) => this.#readScaleThumbnails(request),
      startJob: async (request) => {
        const base = await this.#baseOf(request);
        const jobId = await this.#startJob(request, base);
        return { jobId, revision: base?.revision ?? null };
      },
      resumeJob: async ({ jobId, request, revision, failure }) => {
        const base = await this.#baseOf(request, revision);
        return { jobId: await this.#startJob(request, base, { jobId, failure }) };
      },
      cancelJob: async ({ jobId }) => {
        this.#jobs.cancel(jobId);
        return {};
      },
      acceptResult: async ({ jobId, variation, isKept }) => {
        const file = await this.#accept(variationOf(await this.#jobs.result(jobId), variation));
        if (isKept !== true) await this.#jobs.discard(jobId);
        return this.#changed(file);
      },
      discardResult: async ({ jobId }) => {
        const files = filesOfResult(await this.#jobs.result(jobId));
        await this.#jobs.discard(jobId);
        for (const file of files) await rm(file, { force: true });
        return {};
      },
      undo: ({ documentId }) => this.#update(documentId, (state) => undo(state)),
      redo: ({ documentId }) => this.#update(documentId, (state) => redo(state)),
      goToRevision: ({ documentId, revision }) =>
        this.#update(documentId, (state) => goToRevision(state, revision)),
      transformDocument: async (request) =>
        this.#changed(await transformDocument(this.#store, request)),
      ...maskMethods(this.#store),
      ...this.#documents,
      ...upscaleMethods(this.#parts.models, this.#store),
      markSaved: ({ documentId, revision }) =>
        this.#update(documentId, (state) => {
          entryOfRevision(state, revision);
          return { ...state, savedRevision: revision };
        }),
    };
  }

  async #open({
    name,
    bytes,
    frame,
    isTransient,
  }: RequestOf<"openDocument">): Promise<DocumentInfo> {
    const kept = isTransient === true ? { isTransient } : {};
    if (isOpenRaster(bytes)) {
      return describeDocument(await openProject(this.#store, bytes, { name, ...kept }));
    }
    const { format, raster, metadata } = await readPicture(bytes, name, { frame });
    const file = await this.#store.add({
      name,
      format,
      raster,
      metadata,
      kind: "open",
      label: "Open",
      recipe: null,
      ...kept,
    });
    return describeDocument(file);
  }

  async #readTile(request: RequestOf<"readTile">) {
    const { documentId, revision } = request;
    const file = await this.#store.get(documentId);
    entryOfRevision<StoredEntry>(file.state, revision);
    const tile = await this.#tiles.read(`${documentId}/${revision}`, request, () =>
      this.#store.raster(documentId, revision),
    );
    return { ...tile, rgba: plainBytes(tile.rgba) };
  }

  async #readScaleThumbnails(request: RequestOf<"readScaleThumbnails">) {
    const { documentId, revision, modelId, region } = request;
    const raster = await this.#store.raster(documentId, revision);
    const { layout, manifest } = await this.#parts.models.drawingBundle(modelId);
    const inside = intersectRects(region, rectOfSize(raster.width, raster.height));
    if (isEmptyRect(inside)) {
      throw new AppError(
        "REQUEST_INVALID",
        `Expected a region that meets the ${raster.width} x ${raster.height} picture but got one outside.`,
        { ...region },
      );
    }
    return { thumbnails: scaleThumbnails(raster, inside, layout, manifest.normalisation.scaleStd) };
  }

  async #startJob(request: JobRequest, base: JobBase | null, resumed?: ResumedJob): Promise<JobId> {
    const complete = await this.#drawn.resolve(request);
    const jobId = this.#jobs.start(async (context) => {
      const outcome = await runJob(complete, base, this.#parts, this.#store, context);
      if (outcome.result.drawn) this.#drawn.remember(jobId, outcome.result.drawn);
      return outcome;
    }, resumed);
    return jobId;
  }

  /**
   * A job works on the state that was shown when it was started, whatever happens meanwhile.
   * @param revision that state, where it is known from an earlier process
   */
  async #baseOf(request: JobRequest, revision?: number | null): Promise<JobBase | null> {
    const { models } = this.#parts;
    // At once, before a job waits for its turn.
    if (request.kind === "upscale") await models.bundle(request.modelId);
    else await models.drawingBundle(request.modelId);
    if (request.kind === "generate") return null;
    const { documentId } = request;
    const { state } = await this.#store.get(documentId);
    const entry =
      typeof revision === "number"
        ? entryOfRevision<StoredEntry>(state, revision)
        : currentEntry<StoredEntry>(state);
    return { documentId, revision: entry.revision };
  }

  async #accept(result: VariationResult): Promise<DocumentFile> {
    if (result.type === "document") return this.#store.add(result.document);
    const { documentId, baseRevision, revision } = result;
    const { state } = await this.#store.get(documentId);
    const shown = currentEntry<StoredEntry>(state).revision;
    if (shown === baseRevision) return this.#store.append(documentId, revision);
    throw new AppError(
      "REQUEST_INVALID",
      `Expected the document to show revision ${baseRevision}, which this result was made from, but it shows ${shown}; go back to it in the history, or run the job again.`,
      { documentId, baseRevision, shown },
    );
  }

  async #update(documentId: DocumentId, next: (state: State) => State): Promise<DocumentInfo> {
    return this.#changed(await this.#store.update(documentId, next));
  }

  #changed(file: DocumentFile): DocumentInfo {
    const info = describeDocument(file);
    this.#emit("document-changed", info);
    return info;
  }
}
