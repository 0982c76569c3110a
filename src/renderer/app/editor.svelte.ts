import { fromErrorData } from "../../core/errors.js";
import type { EditorApi, ReplyOf } from "../../shared/api.js";
import { createApiClient } from "../../shared/client.js";
import type { JobRequest } from "../../shared/jobs.js";
import type { ModelSummary } from "../../shared/models.js";
import type { Transport } from "../../shared/transport.js";
import { BatchQueue } from "../batch/batch-queue.svelte.js";
import { DraftKeeper } from "../document/draft-keeper.js";
import { Workspace, type Mode } from "../document/workspace.svelte.js";
import { extendedSize, hasMargins, isAllowedSize } from "../job/extend.js";
import { resumeJobs } from "../job/resume-jobs.js";
import {
  againRequest,
  editRequest,
  extendRequest,
  generateRequest,
  upscalePreviewRequest,
  upscaleRequest,
} from "../job/requests.js";
import { variationCount } from "../job/job-state.js";
import { upscaleTarget } from "../job/upscale-target.js";
import { overviewRegion, regionFor } from "../ladder/rungs.js";
import { ToolSettings } from "../mask/tool-settings.svelte.js";
import type { Tool } from "../mask/tools.js";
import { Notices } from "../notices/notices.svelte.js";
import { PromptLibrary } from "../prompt/prompt-library.js";
import { RecentFiles } from "../recents/recents.svelte.js";
import { RecoveryController } from "../recovery/recovery.svelte.js";
import { Tabs } from "../tabs/tabs.svelte.js";
import { Preferences } from "../settings/preferences.svelte.js";
import { messages } from "../text/messages.js";
import { Tour } from "../tour/tour.svelte.js";
import { sceneOf } from "../view/scene.js";
import { TileCache } from "../view/tile-cache.js";
import { Dialogs } from "./dialogs.svelte.js";
import { FileFlow } from "./file-flow.svelte.js";
import { listenToHost } from "./host-events.js";
import type { PickedFile, Platform } from "./platform.js";

export type AppInfo = ReplyOf<"getAppInfo">;
/** Whoever drops more pictures than that does not want to look at each of them. */
const MOST_TABS_AT_ONCE = 20;

/** Why a run is not possible now. */
export type RunBlocker = keyof typeof messages.edit.reasons;

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
  /** Prompts of before and those that were given a name. */
  readonly prompts: PromptLibrary;
  readonly tour: Tour;
  readonly tools = new ToolSettings();
  readonly tabs: Tabs;
  readonly dialogs = new Dialogs();
  readonly files: FileFlow;
  readonly recents: RecentFiles;
  readonly drafts: DraftKeeper;
  readonly recovery: RecoveryController;
  readonly batch: BatchQueue;
  readonly tiles: TileCache<CanvasImageSource>;

  /** True once the host has answered for the first time, or failed to. */
  isReady = $state(false);
  appInfo = $state.raw<AppInfo | null>(null);
  model = $state.raw<ModelSummary | null>(null);
  /** Counts arrived tiles: what draws them depends on this. */
  tileVersion = $state(0);

  readonly scene = $derived.by(() =>
    sceneOf(this.document.shown, this.document.original, {
      job: this.job,
      peek: this.job.hasPreview(this.ladder.peekedScale) ? null : this.ladder.peek,
    }),
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
    this.prompts = new PromptLibrary(this.preferences);
    this.tour = new Tour(this.preferences);
    const onError = this.#report;
    this.tabs = new Tabs(
      () =>
        new Workspace({
          api: this.api,
          platform,
          tools: this.tools,
          model: this.model,
          onError,
        }),
    );
    this.tiles = new TileCache({
      read: (request) => this.api.readTile(request),
      decode: platform.decodeTile,
      release: platform.releaseTile,
      onLoaded: () => this.tileVersion++,
      onError: this.#report,
    });
    this.drafts = new DraftKeeper(this.api, platform.timer, onError);
    this.files = new FileFlow(this);
    this.recents = new RecentFiles(this.api, (open) => this.files.openBy(open));
    this.recovery = new RecoveryController(this.api, (info) => this.files.resume(info), onError);
    this.batch = new BatchQueue({
      api: this.api,
      platform,
      model: () => this.model,
      onError,
      onFinished: () => this.#tellBatchEnd(),
    });
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
    await this.#attempt(async () => {
      const info = await this.api.getAppInfo({});
      this.appInfo = info;
      this.useChosenModel();
      await this.#attempt(() => this.files.resumeAll());
      await this.#attempt(() => resumeJobs(this.api, this.tabs));
      // First the picture: opening one takes older complaints away.
      if (info.startupDocument !== null) this.files.adopt(info.startupDocument);
      for (const problem of info.modelProblems) {
        this.notices.show({
          tone: "error",
          title: messages.notices.modelProblem,
          body: problem.message,
        });
      }
      if (info.settingsProblem) {
        const { message } = info.settingsProblem;
        this.notices.show({ tone: "error", title: messages.settings.broken, body: message });
      }
      if (info.startupError !== null) this.notices.showError(fromErrorData(info.startupError));
    });
    this.isReady = true;
    await Promise.all([this.recovery.load(), this.recents.load()]);
  }

  stop(): void {
    this.#stopListening();
    this.tiles.clear();
  }

  /** Takes the model that the person chose, or else the first that there is. */
  useChosenModel(): void {
    const models = this.appInfo?.models ?? [];
    const { modelId } = this.preferences.current;
    const model = models.find((candidate) => candidate.modelId === modelId) ?? models[0] ?? null;
    if (model?.modelId !== this.model?.modelId) this.#useModel(model);
  }

  /** Another device computes, or there are other models. */
  refreshApp(news: Partial<Pick<AppInfo, "models" | "modelProblems" | "device">>): void {
    if (this.appInfo === null) return;
    this.appInfo = { ...this.appInfo, ...news };
    this.useChosenModel();
  }

  /** The engine was replaced: jobs begin once more, everything else is read again. */
  afterRestart(): void {
    for (const { job } of this.tabs.list) job.beginAgain();
    this.tiles.retryFailed();
    this.tileVersion++;
    this.ladder.reload();
  }

  // --- tools -----------------------------------------------------------------------------------

  /** True while the mask is what the panel's job works on, so that it is shown and can be drawn. */
  get usesMask(): boolean {
    return this.mode === "edit" || this.mode === "remove";
  }

  /** What a drag on the canvas does; only what redraws a part knows a mask. */
  get tool(): Tool {
    return this.usesMask ? this.tools.tool : "pan";
  }

  /**
   * A tool that masks is of use for redrawing a part only, so it leads there; and to the picture
   * itself, if a job covers it: that goes on, and its result waits in the queue.
   */
  chooseTool(tool: Tool): void {
    this.tools.tool = tool;
    if (tool === "pan") return;
    if (!this.usesMask) this.mode = "edit";
    this.lookAtPicture();
  }

  /** Shows one scale on the canvas, as a running job has drawn it or as the picture has it; null stops. */
  peekScale(scale: number | null): void {
    this.ladder.peekedScale = scale;
    this.job.peekedScale = scale;
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
    return this.usesMask && this.mask.canUndo;
  }

  get #canRedoMask(): boolean {
    return this.usesMask && this.mask.canRedo;
  }

  async goToRevision(revision: number): Promise<void> {
    if (this.job.isIdle) await this.#changeRevision(() => this.document.goToRevision(revision));
  }

  /** Puts what is masked, or else the whole picture, on the clipboard. */
  async copyPicture(what: "picture" | "selection"): Promise<void> {
    const { info } = this.document;
    const mask = what === "selection" ? this.mask.toMask() : null;
    if (info === null) return;
    const { documentId } = info;
    const options = { format: "png", quality: 90, embedRecipe: false, metadata: "none" } as const;
    const png = this.api.exportDocument({ documentId, ...options }).then(({ bytes }) => bytes);
    const text = messages.clipboard;
    try {
      await this.platform.copyPicture(png, mask);
      const title = mask === null ? text.copied : text.copiedSelection;
      this.notices.show({ tone: "success", title });
    } catch {
      this.notices.show({ tone: "error", title: text.failed, body: text.failedBody });
    }
  }

  // --- batch -----------------------------------------------------------------------------------

  /** Opens dropped or pasted files: in tabs, or in the batch if that is in front or they are too many. */
  async openAll(files: readonly PickedFile[]): Promise<void> {
    const isForBatch = this.dialogs.current.kind === "batch";
    if (!isForBatch && files.length <= MOST_TABS_AT_ONCE) return this.files.openFiles(files);
    this.batch.add(files);
    this.openBatch();
  }

  async pickForBatch(): Promise<void> {
    this.batch.add(await this.platform.pickFiles());
  }

  /** Asks for the folder that a batch writes into. */
  async chooseBatchFolder(): Promise<void> {
    await this.#attempt(async () => {
      const folder = await this.api.chooseFolder({});
      if (folder !== null) this.batch.settings.folder = folder;
    });
  }

  /** Opens the batch window, with results going where this host can put them. */
  openBatch(): void {
    if (this.appInfo?.host === "electron") this.batch.settings.output = "folder";
    this.dialogs.open({ kind: "batch" });
  }

  // --- jobs ----------------------------------------------------------------------------------

  /** Why the panel's button is off, or null if it is on. */
  get runBlocker(): RunBlocker | null {
    const { info } = this.document;
    const { mode, settings } = this;
    if (mode !== "generate" && info === null) return "noDocument";
    if (this.model === null) return "noModel";
    if (info === null) return null;
    switch (mode) {
      case "generate":
        return null;
      case "upscale":
        return upscaleTarget(info, settings).problem;
      case "extend":
        if (!hasMargins(settings.margins)) return "noMargins";
        return isAllowedSize(extendedSize(info, settings.margins)) ? null : "tooLarge";
      case "remove":
        return this.mask.isEmpty ? "noMask" : null;
      case "edit":
        if (this.mask.isEmpty) return "noMask";
        return this.ladder.frozenScales >= this.ladder.rungs.length ? "allKept" : null;
    }
  }

  /** Runs what the panel is about; while a job runs, this one waits for its turn. */
  async run(): Promise<void> {
    if (this.runBlocker !== null) return;
    const request = this.#panelRequest();
    if (request !== null) await this.#startJob(request);
  }

  /** Draws a small part as the upscale would; a failure becomes a notice. */
  async previewUpscale(): Promise<void> {
    const { info, shown } = this.document;
    const { model, settings } = this;
    if (info === null || shown === null || model === null) return;
    const { upscalePreview } = this.workspace;
    const rect = upscalePreview.rectIn(info, upscaleTarget(info, settings).factor);
    await upscalePreview.run(shown, upscalePreviewRequest(settings, info, model), rect);
  }

  /** Compares the chosen variation with the next one, side by side; once more stops that. */
  toggleRival(): void {
    const { job, compare } = this;
    const { selected } = job;
    if (selected === null) return;
    const count = variationCount(selected.request);
    const isOn = selected.rival === null && count > 1;
    job.compareWith(isOn ? selected.variation : null);
    if (isOn) job.chooseVariation((selected.variation + 1) % count);
    if (compare.isSplit !== isOn) compare.toggleSplit();
  }

  /** Leads to the panel that draws a new picture. */
  openGenerate(): void {
    this.mode = "generate";
    this.lookAtPicture();
  }

  /** Leaves the job that covers the picture: it goes on, and its result waits in the queue. */
  lookAtPicture(): void {
    this.job.select(null);
    this.compare.stop();
  }

  /** Enter in the prompt: a result is kept, unless another prompt was typed in the meantime. */
  async submitPrompt(): Promise<void> {
    const { state } = this.job;
    if (state.kind !== "candidate") return this.run();
    const { generatePrompt, extendPrompt, prompt } = this.settings;
    const own = { generate: generatePrompt, extend: extendPrompt, edit: prompt, upscale: prompt };
    const typed = own[state.request.kind];
    return state.request.prompt === typed.trim() ? this.keep() : this.tryAgain();
  }

  /** Throws the result away and runs once more, with another seed and the settings of now. */
  async tryAgain(): Promise<void> {
    const { job, settings } = this;
    const { state } = job;
    if (state.kind !== "candidate") return;
    const isOfPanel = kindOf(this.mode) === state.request.kind && this.runBlocker === null;
    await this.#attempt(async () => {
      await job.discard();
      settings.isSeedLocked = false;
      const next = isOfPanel ? this.#panelRequest() : null;
      await this.#startJob(next ?? againRequest(state.request, settings));
    });
  }

  /** Draws the looked-at job once more, with its own seed, on the picture as it is now. */
  async drawAgain(): Promise<void> {
    const { job } = this;
    const { state } = job;
    if (state.kind !== "candidate") return;
    await this.#attempt(async () => {
      await job.discard();
      await this.#startJob(state.request);
    });
  }

  /** Chooses the next or the last variation; after the last one comes the first. */
  stepVariation(by: 1 | -1): void {
    const { job } = this;
    if (job.selected === null) return;
    const count = variationCount(job.selected.request);
    job.peekedVariation = null;
    job.chooseVariation((job.selected.variation + by + count) % count);
  }

  /** Draws more with the scales 0..scales-1 of the chosen variation; that one waits in the queue. */
  async drawMoreLike(scales: number): Promise<void> {
    const { selected, state } = this.job;
    if (selected === null || state.kind !== "candidate") return;
    const { variation } = selected;
    const startFrom = { jobId: state.jobId, variation, scales };
    this.settings.isSeedLocked = false;
    await this.#startJob(againRequest(state.request, this.settings, startFrom));
  }

  /** True if the result that is looked at was made from another state of the picture. */
  get isResultStale(): boolean {
    const { selected } = this.job;
    if (selected?.state.kind !== "candidate" || selected.request.kind === "generate") return false;
    return selected.baseRevision !== (this.document.info?.revision ?? null);
  }

  /** Takes the result: into its document, or, if it is a new picture, into a tab of its own. */
  async keep(): Promise<void> {
    const { job, compare, mask, document, settings } = this.workspace;
    if (job.state.kind !== "candidate" || this.isResultStale) return;
    await this.#attempt(async () => {
      const info = await job.accept();
      compare.stop();
      if (info === null) return;
      if (document.info?.documentId !== info.documentId) return this.files.adopt(info);
      document.adopt(info);
      mask.keepFor(info);
      // What was kept is to be looked at, and the mask would cover just that.
      mask.isVisible = false;
      settings.fit(info);
    });
  }

  /** Looks at a job of any open picture. */
  showJob(workspace: Workspace, key: number): void {
    this.tabs.show(workspace);
    workspace.job.select(key);
  }

  /** Cancels, discards or forgets a job of any open picture, whichever ends it. */
  async endJob({ job }: Workspace, key: number): Promise<void> {
    job.dismiss(key);
    await this.#attempt(async () => {
      await job.cancel(key);
      await job.discard(key);
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
      case "waiting":
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
    const overview = shown === null || model === null ? null : overviewRegion(shown.size);
    this.ladder.showRegion(shown, model, region?.rect ?? overview, region !== null);
  }

  /** What is begun on the shown picture is kept as soon as it rests. */
  syncDraft(): void {
    const { workspace, mask, document } = this;
    if (document.info === null) return;
    void workspace.draftFields;
    void mask.version;
    if (!mask.isStroking) this.drafts.note(workspace);
  }

  // --- inside --------------------------------------------------------------------------------

  /** Whoever looks at the batch sees its end; others are told. */
  #tellBatchEnd(): void {
    if (this.dialogs.current.kind === "batch") return;
    const text = messages.batch;
    const { done, failed, items } = this.batch;
    const body = text.summary(done, items.length);
    this.notices.show({
      tone: failed > 0 ? "error" : "success",
      title: text.finished,
      body: failed > 0 ? `${body} · ${text.failures(failed)}` : body,
      actions: [{ label: text.open, run: () => this.openBatch() }],
    });
  }

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
      await change();
      const after = document.info;
      if (after !== null) mask.keepFor(after);
    });
  }

  #panelRequest(): JobRequest | null {
    const { info } = this.document;
    const { model, mode, settings } = this;
    if (model === null) return null;
    if (mode === "generate") return generateRequest(settings, model);
    if (info === null) return null;
    if (mode === "upscale") return upscaleRequest(settings, info, model);
    if (mode === "extend") return extendRequest(settings, info, model);
    const mask = this.mask.toMask();
    if (mask === null) return null;
    return editRequest(settings, {
      document: info,
      model,
      mask,
      frozenScales: this.ladder.frozenScales,
      feather: this.mask.feather,
      mode: mode === "remove" ? "remove" : "redraw",
    });
  }

  async #startJob(request: JobRequest): Promise<void> {
    this.compare.stop();
    this.notices.dismissErrors();
    this.prompts.remember(request.prompt);
    const { job } = this;
    this.mask.isVisible = true;
    const hasPreviews = request.kind === "upscale" || this.preferences.current.previews;
    await this.#attempt(() => job.start(hasPreviews ? request : { ...request, previews: false }));
  }
}

/** The kind of job that a panel starts. */
function kindOf(mode: Mode): JobRequest["kind"] {
  return mode === "remove" ? "edit" : mode;
}
