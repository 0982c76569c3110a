import { fromErrorData } from "../../core/errors.js";
import type { EditorApi, ReplyOf } from "../../shared/api.js";
import { createApiClient } from "../../shared/client.js";
import type { JobRequest } from "../../shared/jobs.js";
import type { ModelSummary } from "../../shared/models.js";
import type { Transport } from "../../shared/transport.js";
import { Workspace, type Mode } from "../document/workspace.svelte.js";
import { editRequest, generateRequest, upscaledSize, upscaleRequest } from "../job/requests.js";
import { overviewRegion, regionFor } from "../ladder/rungs.js";
import type { Tool } from "../mask/tools.js";
import { Notices } from "../notices/notices.svelte.js";
import { Tabs } from "../tabs/tabs.svelte.js";
import { Preferences } from "../settings/preferences.svelte.js";
import { messages } from "../text/messages.js";
import { sceneOf } from "../view/scene.js";
import { TileCache } from "../view/tile-cache.js";
import { Dialogs } from "./dialogs.svelte.js";
import { FileFlow } from "./file-flow.svelte.js";
import { listenToHost } from "./host-events.js";
import type { Platform } from "./platform.js";

export type AppInfo = ReplyOf<"getAppInfo">;
/** Why a run is not possible now. */
export type RunBlocker = keyof typeof messages.edit.reasons | "tooLarge";

/**
 * The editing screen without its pixels: owns the controllers and lets them work together. What
 * belongs to one picture lies in its workspace; `document`, `mask` and so on are those of the shown
 * one, and work that outlives a step keeps hold of the workspace that it began with.
 * Components show what it says and call what it offers; it never throws, failures become notices.
 */
export class Editor {
  readonly api: EditorApi;
  readonly platform: Platform;
  readonly notices: Notices;
  /** What the person chose for good; `settings` are those of the next job. */
  readonly preferences: Preferences;
  readonly tabs: Tabs;
  readonly dialogs = new Dialogs();
  readonly files: FileFlow;
  readonly tiles: TileCache<CanvasImageSource>;

  /** True once the host has answered for the first time, or failed to. */
  isReady = $state(false);
  appInfo = $state.raw<AppInfo | null>(null);
  model = $state.raw<ModelSummary | null>(null);
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

  constructor(transport: Transport, platform: Platform) {
    this.#transport = transport;
    this.platform = platform;
    this.api = createApiClient(transport);
    this.notices = new Notices(platform.timer);
    this.preferences = new Preferences(this.api, this.#report);
    const onError = this.#report;
    this.tabs = new Tabs(
      () => new Workspace({ api: this.api, platform, model: this.model, onError }),
    );
    this.tiles = new TileCache({
      read: (request) => this.api.readTile(request),
      decode: platform.decodeTile,
      release: platform.releaseTile,
      onLoaded: () => this.tileVersion++,
      onError: this.#report,
    });
    this.files = new FileFlow(this);
  }

  // --- the shown picture ---------------------------------------------------------------------

  get workspace(): Workspace {
    return this.tabs.active;
  }

  get document(): Workspace["document"] {
    return this.workspace.document;
  }

  get viewport(): Workspace["viewport"] {
    return this.workspace.viewport;
  }

  get mask(): Workspace["mask"] {
    return this.workspace.mask;
  }

  get ladder(): Workspace["ladder"] {
    return this.workspace.ladder;
  }

  get settings(): Workspace["settings"] {
    return this.workspace.settings;
  }

  get job(): Workspace["job"] {
    return this.workspace.job;
  }

  get compare(): Workspace["compare"] {
    return this.workspace.compare;
  }

  get mode(): Mode {
    return this.workspace.mode;
  }

  set mode(mode: Mode) {
    this.workspace.mode = mode;
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

  /** The engine was replaced: the job is lost, everything else is read again. */
  afterRestart(): void {
    for (const { job } of this.tabs.list) job.loseEngine();
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
    const { job, settings } = this;
    const { state } = job;
    if (state.kind !== "candidate") return;
    await this.#attempt(async () => {
      await job.discard();
      settings.isSeedLocked = false;
      const next = state.request.kind === "generate" ? null : this.#panelRequest();
      const seed = next?.seed ?? settings.takeSeed();
      await job.start(next ?? { ...state.request, seed });
    });
  }

  /** Takes the result: into its document, or, if it is a new picture, into a tab of its own. */
  async keep(): Promise<void> {
    const { job, compare, mask, document } = this.workspace;
    if (job.state.kind !== "candidate") return;
    await this.#attempt(async () => {
      const info = await job.accept();
      compare.stop();
      if (info === null) return;
      if (document.info?.documentId !== info.documentId) return this.files.adopt(info);
      document.adopt(info);
      mask.reset({ width: info.width, height: info.height });
    });
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
    else if (scene.id !== this.workspace.sceneId) this.viewport.show(scene.size);
    else this.viewport.replace(scene.size);
    this.workspace.sceneId = scene?.id ?? null;
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
    for (const workspace of this.tabs.list) workspace.useModel(model);
  }

  async #changeRevision(change: () => Promise<void>): Promise<void> {
    const { document, mask } = this.workspace;
    await this.#attempt(async () => {
      const before = document.info;
      await change();
      const after = document.info;
      if (before === null || after === null) return;
      // A mask fits one size; and strokes of before belong to another state.
      if (before.width !== after.width || before.height !== after.height) mask.reset(after);
      else mask.forgetUndo();
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
    const { job } = this;
    await this.#attempt(() => job.start(request));
  }
}
