import { fromErrorData } from "../../core/errors.js";
import type { EditorApi, ReplyOf } from "../../shared/api.js";
import { createApiClient } from "../../shared/client.js";
import type { DocumentInfo } from "../../shared/documents.js";
import type { JobRequest } from "../../shared/jobs.js";
import type { ModelSummary } from "../../shared/models.js";
import type { Transport } from "../../shared/transport.js";
import { CompareController } from "../compare/compare.svelte.js";
import { DocumentController } from "../document/document-controller.svelte.js";
import { JobController } from "../job/job-controller.svelte.js";
import { editRequest, generateRequest, upscaledSize, upscaleRequest } from "../job/requests.js";
import { JobSettings } from "../job/settings.svelte.js";
import { LadderController } from "../ladder/ladder-controller.svelte.js";
import { overviewRegion, regionFor } from "../ladder/rungs.js";
import { MaskController } from "../mask/mask-controller.svelte.js";
import type { Tool } from "../mask/tools.js";
import { Notices } from "../notices/notices.svelte.js";
import { Preferences } from "../settings/preferences.svelte.js";
import { messages } from "../text/messages.js";
import { sceneOf } from "../view/scene.js";
import { TileCache } from "../view/tile-cache.js";
import { Viewport } from "../view/viewport.svelte.js";
import { Dialogs } from "./dialogs.svelte.js";
import { FileFlow } from "./file-flow.js";
import { listenToHost } from "./host-events.js";
import type { Platform } from "./platform.js";

export type AppInfo = ReplyOf<"getAppInfo">;
/** What the right panel is about. */
export type Mode = "edit" | "upscale";
/** Why a run is not possible now. */
export type RunBlocker = keyof typeof messages.edit.reasons | "tooLarge";

/**
 * The editing screen without its pixels: owns the controllers and lets them work together.
 * Components show what it says and call what it offers; it never throws, failures become notices.
 */
export class Editor {
  readonly api: EditorApi;
  readonly platform: Platform;
  readonly notices: Notices;
  /** What the person chose for good; `settings` are those of the next job. */
  readonly preferences: Preferences;
  readonly document: DocumentController;
  readonly viewport = new Viewport();
  readonly mask = new MaskController();
  readonly ladder: LadderController;
  readonly settings: JobSettings;
  readonly job: JobController;
  readonly compare = new CompareController();
  readonly dialogs = new Dialogs();
  readonly files: FileFlow;
  readonly tiles: TileCache<CanvasImageSource>;

  /** True once the host has answered for the first time, or failed to. */
  isReady = $state(false);
  appInfo = $state.raw<AppInfo | null>(null);
  model = $state.raw<ModelSummary | null>(null);
  mode = $state<Mode>("edit");
  /** Counts arrived tiles: what draws them depends on this. */
  tileVersion = $state(0);

  readonly scene = $derived.by(() =>
    sceneOf(this.document.shown, this.document.original, this.job.state, this.job.shown),
  );
  readonly region = $derived.by(() => {
    const { shown } = this.document;
    const { size } = this.mask;
    if (shown === null || size === null || this.model === null) return null;
    // An undone upscale: for a moment the mask still has the size of before.
    if (size.width !== shown.size.width || size.height !== shown.size.height) return null;
    return regionFor(shown.size, this.mask.bounds, this.model.layout);
  });

  readonly #transport: Transport;
  #stopListening: () => void = () => undefined;
  #sceneId: string | null = null;

  constructor(transport: Transport, platform: Platform) {
    this.#transport = transport;
    this.platform = platform;
    this.api = createApiClient(transport);
    this.notices = new Notices(platform.timer);
    this.preferences = new Preferences(this.api, this.#report);
    this.document = new DocumentController(this.api);
    this.settings = new JobSettings(platform.randomSeed);
    this.job = new JobController(this.api, platform.now);
    this.ladder = new LadderController(this.api, platform.timer, this.#report);
    this.tiles = new TileCache({
      read: (request) => this.api.readTile(request),
      decode: platform.decodeTile,
      release: platform.releaseTile,
      onLoaded: () => this.tileVersion++,
      onError: this.#report,
    });
    this.files = new FileFlow(this);
  }

  // --- start and end -------------------------------------------------------------------------

  /** Listens to the host and shows what it opened. */
  async start(): Promise<void> {
    this.#stopListening = listenToHost(this, this.#transport);
    await this.preferences.load();
    await this.#attempt(async () => {
      const info = await this.api.getAppInfo({});
      this.appInfo = info;
      this.#useModel(info.models[0] ?? null);
      // First the picture: opening one takes older complaints away.
      if (info.startupDocument !== null) this.files.adopt(info.startupDocument);
      for (const problem of info.modelProblems) {
        this.notices.show({
          tone: "error",
          title: messages.notices.modelProblem,
          body: problem.message,
        });
      }
      if (info.startupError !== null) this.notices.showError(fromErrorData(info.startupError));
    });
    this.isReady = true;
  }

  stop(): void {
    this.#stopListening();
    this.tiles.clear();
  }

  /** Another picture was opened: everything that belongs to the last one goes. */
  afterOpening(info: DocumentInfo): void {
    this.tiles.clear();
    this.compare.stop();
    this.notices.dismissErrors();
    this.mask.reset(info);
    this.mask.suggestBrushSize(info);
  }

  /** The engine was replaced: the job is lost, everything else is read again. */
  afterRestart(): void {
    this.job.loseEngine();
    this.tiles.retryFailed();
    this.tileVersion++;
    this.ladder.reload();
  }

  // --- tools -----------------------------------------------------------------------------------

  /** What a drag on the canvas does; upscales know no mask. */
  get tool(): Tool {
    return this.mode === "edit" ? this.mask.tool : "pan";
  }

  /** A tool that masks is of use for redrawing only, so it leads there. */
  chooseTool(tool: Tool): void {
    this.mask.tool = tool;
    if (tool !== "pan") this.mode = "edit";
  }

  // --- documents -----------------------------------------------------------------------------

  get canUndo(): boolean {
    if (!this.job.isIdle || this.document.isBusy) return false;
    return this.#canUndoMask || (this.document.info?.canUndo ?? false);
  }

  get canRedo(): boolean {
    if (!this.job.isIdle || this.document.isBusy) return false;
    return this.#canRedoMask || (this.document.info?.canRedo ?? false);
  }

  /** Strokes of the mask are newer than the shown revision, so they are taken back first. */
  async undo(): Promise<void> {
    if (!this.canUndo) return;
    if (this.#canUndoMask) this.mask.undo();
    else await this.#changeRevision(() => this.document.undo());
  }

  async redo(): Promise<void> {
    if (!this.canRedo) return;
    if (this.#canRedoMask) this.mask.redo();
    else await this.#changeRevision(() => this.document.redo());
  }

  // While the mask is out of sight nothing of it may change.
  get #canUndoMask(): boolean {
    return this.mode === "edit" && this.mask.canUndo;
  }

  get #canRedoMask(): boolean {
    return this.mode === "edit" && this.mask.canRedo;
  }

  async goToRevision(revision: number): Promise<void> {
    if (this.job.isIdle) await this.#changeRevision(() => this.document.goToRevision(revision));
  }

  // --- jobs ----------------------------------------------------------------------------------

  /** Why the panel's button is off, or null if it is on. */
  get runBlocker(): RunBlocker | null {
    if (this.document.info === null) return "noDocument";
    if (this.model === null) return "noModel";
    if (this.job.isActive) return "busy";
    if (this.job.state.kind === "candidate") return "pending";
    if (this.mode === "upscale") {
      return upscaledSize(this.document.info, this.settings.factor).isAllowed ? null : "tooLarge";
    }
    if (this.mask.isEmpty) return "noMask";
    return this.ladder.frozenScales >= this.ladder.rungs.length ? "allKept" : null;
  }

  /** Runs what the panel is about. */
  async run(): Promise<void> {
    if (this.runBlocker !== null) return;
    const request = this.#panelRequest();
    if (request !== null) await this.#startJob(request);
  }

  async generate(): Promise<void> {
    const { model } = this;
    if (model === null || !this.job.isIdle) return;
    this.dialogs.close();
    await this.#startJob(generateRequest(this.settings, model));
  }

  /** Enter in the prompt: a result is kept, unless another prompt was typed in the meantime. */
  async submitPrompt(): Promise<void> {
    const { state } = this.job;
    if (state.kind !== "candidate") return this.run();
    const isSame = state.request.prompt === this.settings.prompt.trim();
    return isSame || state.request.kind === "generate" ? this.keep() : this.tryAgain();
  }

  /** Throws the result away and runs once more, with another seed and the settings of now. */
  async tryAgain(): Promise<void> {
    const { state } = this.job;
    if (state.kind !== "candidate") return;
    await this.#attempt(async () => {
      await this.job.discard();
      this.settings.isSeedLocked = false;
      const next = state.request.kind === "generate" ? null : this.#panelRequest();
      const seed = next?.seed ?? this.settings.takeSeed();
      await this.job.start(next ?? { ...state.request, seed });
    });
  }

  async keep(): Promise<void> {
    const { state } = this.job;
    if (state.kind !== "candidate") return;
    const accept = () =>
      void this.#attempt(async () => {
        const info = await this.job.accept();
        this.compare.stop();
        if (info === null) return;
        this.mask.reset({ width: info.width, height: info.height });
        this.files.adopt(info);
      });
    // A new picture takes the place of the open one.
    if (state.request.kind === "generate") this.files.askIfUnsaved(accept);
    else accept();
  }

  async discard(): Promise<void> {
    await this.#attempt(() => this.job.discard());
  }

  async cancelJob(): Promise<void> {
    await this.#attempt(() => this.job.cancel());
  }

  /** Escape: the nearest thing that can be left. */
  async cancel(): Promise<void> {
    switch (this.job.state.kind) {
      case "running":
        return this.cancelJob();
      case "candidate":
        return this.discard();
      case "failed":
        return this.job.dismiss();
      case "starting":
      case "idle":
        this.compare.stop();
    }
  }

  // --- kept in step by the screen ------------------------------------------------------------

  /** Shows another picture from the start, or the same one in its new size. */
  syncViewport(): void {
    const { scene } = this;
    if (scene === null) this.viewport.hide();
    else if (scene.id !== this.#sceneId) this.viewport.show(scene.size);
    else this.viewport.replace(scene.size);
    this.#sceneId = scene?.id ?? null;
  }

  /** The ladder shows the planned region, or the whole picture while nothing is masked. */
  syncLadder(): void {
    const { shown } = this.document;
    const { model, region } = this;
    // While a stroke grows the region changes at every move.
    if (this.mask.isStroking) return;
    const overview =
      shown === null || model === null ? null : overviewRegion(shown.size, model.layout);
    this.ladder.showRegion(shown, model, region?.rect ?? overview);
  }

  // --- inside --------------------------------------------------------------------------------

  readonly #report = (error: unknown): void => this.notices.showError(error);

  /** Runs something that may fail; a failure is shown. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#report(error);
    }
  }

  #useModel(model: ModelSummary | null): void {
    this.model = model;
    this.ladder.useModel(model);
    if (model !== null) this.settings.applyDefaults(model.sampling);
  }

  async #changeRevision(change: () => Promise<void>): Promise<void> {
    await this.#attempt(async () => {
      const before = this.document.info;
      await change();
      const after = this.document.info;
      if (before === null || after === null) return;
      // A mask fits one size; and strokes of before belong to another state.
      if (before.width !== after.width || before.height !== after.height) this.mask.reset(after);
      else this.mask.forgetUndo();
    });
  }

  #panelRequest(): JobRequest | null {
    const { info } = this.document;
    const { model } = this;
    if (info === null || model === null) return null;
    if (this.mode === "upscale") return upscaleRequest(this.settings, info, model);
    const mask = this.mask.toMask();
    if (mask === null) return null;
    const { frozenScales } = this.ladder;
    const { feather } = this.mask;
    return editRequest(this.settings, { document: info, model, mask, frozenScales, feather });
  }

  async #startJob(request: JobRequest): Promise<void> {
    this.compare.stop();
    this.notices.dismissErrors();
    await this.#attempt(() => this.job.start(request));
  }
}
