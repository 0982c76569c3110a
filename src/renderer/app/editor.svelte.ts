import { fromErrorData } from "../../core/errors.js";
import type { EditorApi, ReplyOf } from "../../shared/api.js";
import { createApiClient } from "../../shared/client.js";
import {
  draws,
  enlargesFaithfully,
  type InstalledModel,
  type ModelSummary,
} from "../../shared/models.js";
import type { Transport } from "../../shared/transport.js";
import { BatchFlow } from "../batch/batch-flow.js";
import { BatchQueue } from "../batch/batch-queue.svelte.js";
import { DraftKeeper } from "../document/draft-keeper.js";
import { Workspace, type Mode } from "../document/workspace.svelte.js";
import { resumeJobs } from "../job/resume-jobs.js";
import { regionFor } from "../ladder/rungs.js";
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
import { JobFlow } from "./job-flow.svelte.js";
import type { Platform } from "./platform.js";
import { UndoFlow } from "./undo-flow.svelte.js";

export type AppInfo = ReplyOf<"getAppInfo">;

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
  readonly batches = new BatchFlow(this);
  /** What is done with jobs of the shown picture; `job` is what they are at. */
  readonly jobs = new JobFlow(this);
  readonly history = new UndoFlow(this);
  readonly tiles: TileCache<CanvasImageSource>;

  /** True once the host has answered for the first time, or failed to. */
  isReady = $state(false);
  appInfo = $state.raw<AppInfo | null>(null);
  /** What draws: edits, extensions, new pictures. */
  model = $state.raw<ModelSummary | null>(null);
  /** Counts arrived tiles: what draws them depends on this. */
  tileVersion = $state(0);

  /** What upscales can be made with: whatever enlarges, and the model that draws in any case. */
  readonly enlargers = $derived.by((): readonly InstalledModel[] => {
    const models = this.appInfo?.models ?? [];
    const { modelId } = this.model ?? {};
    return models.filter((model) => enlargesFaithfully(model) || model.modelId === modelId);
  });
  /** What the next upscale is made with: the chosen one, else the model that draws. */
  readonly enlarger = $derived.by((): InstalledModel | null => {
    const { enlargerId } = this.preferences.current;
    const chosen = this.enlargers.find(({ modelId }) => modelId === enlargerId);
    return chosen ?? this.model ?? this.enlargers[0] ?? null;
  });

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
      model: () => this.enlarger,
      onError,
      onFinished: () => this.batches.tellEnd(),
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
    await this.attempt(async () => {
      const info = await this.api.getAppInfo({});
      this.appInfo = info;
      this.useChosenModel();
      await this.attempt(() => this.files.resumeAll(info.startupDocument));
      await this.attempt(() => resumeJobs(this.api, this.tabs));
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

  /** Takes the model that the person chose to draw with, or else the first that there is. */
  useChosenModel(): void {
    const models = (this.appInfo?.models ?? []).filter(draws);
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

  /** Runs something that may fail; a failure is shown. */
  async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#report(error);
    }
  }

  readonly #report = (error: unknown): void => this.notices.showError(error);

  #useModel(model: ModelSummary | null): void {
    this.model = model;
    for (const workspace of this.tabs.list) workspace.useModel(model);
  }
}
