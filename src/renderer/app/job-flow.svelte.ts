import type { JobRequest } from "../../shared/jobs.js";
import type { Mode, Workspace } from "../document/workspace.svelte.js";
import { extendedSize, hasMargins, isAllowedSize } from "../job/extend.js";
import { variationCount } from "../job/job-state.js";
import {
  againRequest,
  editRequest,
  extendRequest,
  generateRequest,
  upscalePreviewRequest,
  upscaleRequest,
} from "../job/requests.js";
import { upscaleTarget } from "../job/upscale-target.js";
import { previewKind } from "../panel/upscale-preview.svelte.js";
import type { messages } from "../text/messages.js";
import type { Editor } from "./editor.svelte.js";

/** Why a run is not possible now. */
export type RunBlocker = keyof typeof messages.edit.reasons;

/**
 * What a person does with jobs: start one from the panel, look at its variations, decide about its
 * result. Nothing here throws; failures become notices.
 */
export class JobFlow {
  readonly #editor: Editor;

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  /** Why the panel's button is off, or null if it is on. */
  get runBlocker(): RunBlocker | null {
    const { info } = this.#editor.document;
    const { mode, settings } = this.#editor;
    if (mode !== "generate" && info === null) return "noDocument";
    const { model, enlarger } = this.#editor;
    if (enlarger === null) return "noModel";
    if (model === null && mode !== "upscale") return "onlyEnlarges";
    if (info === null) return null;
    switch (mode) {
      case "generate":
        return null;
      case "upscale":
        return upscaleTarget(info, settings, enlarger).problem;
      case "extend":
        if (!hasMargins(settings.margins)) return "noMargins";
        return isAllowedSize(extendedSize(info, settings.margins)) ? null : "tooLarge";
      case "remove":
        return this.#editor.mask.isEmpty ? "noMask" : null;
      case "edit":
        if (this.#editor.mask.isEmpty) return "noMask";
        return this.#editor.ladder.frozenScales >= this.#editor.ladder.rungs.length
          ? "allKept"
          : null;
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
    const { info, shown } = this.#editor.document;
    const { enlarger, settings } = this.#editor;
    if (info === null || shown === null || enlarger === null) return;
    const { upscalePreview } = this.#editor.workspace;
    const rect = upscalePreview.rectIn(info, previewKind(info, settings, enlarger));
    await upscalePreview.run(shown, upscalePreviewRequest(settings, info, enlarger), rect);
  }

  /** Compares the chosen variation with the next one, side by side; once more stops that. */
  toggleRival(): void {
    const { job, compare } = this.#editor;
    const { selected } = job;
    if (selected === null) return;
    const count = variationCount(selected.request);
    const isOn = selected.rival === null && count > 1;
    job.compareWith(isOn ? selected.variation : null);
    if (isOn) job.chooseVariation((selected.variation + 1) % count);
    if (compare.isSplit !== isOn) compare.toggleSplit();
  }

  /** Enter in the prompt: a result is kept, unless another prompt was typed in the meantime. */
  async submitPrompt(): Promise<void> {
    const { state } = this.#editor.job;
    if (state.kind !== "candidate") return this.run();
    const { generatePrompt, extendPrompt, prompt } = this.#editor.settings;
    const own = { generate: generatePrompt, extend: extendPrompt, edit: prompt, upscale: prompt };
    const typed = own[state.request.kind];
    return state.request.prompt === typed.trim() ? this.keep() : this.tryAgain();
  }

  /** Throws the result away and runs once more, with another seed and the settings of now. */
  async tryAgain(): Promise<void> {
    const { job, settings } = this.#editor;
    const { state } = job;
    if (state.kind !== "candidate") return;
    const isOfPanel = kindOf(this.#editor.mode) === state.request.kind && this.runBlocker === null;
    await this.#editor.attempt(async () => {
      await job.discard();
      settings.isSeedLocked = false;
      const next = isOfPanel ? this.#panelRequest() : null;
      await this.#startJob(next ?? againRequest(state.request, settings));
    });
  }

  /** Draws the looked-at job once more, with its own seed, on the picture as it is now. */
  async drawAgain(): Promise<void> {
    const { job } = this.#editor;
    const { state } = job;
    if (state.kind !== "candidate") return;
    await this.#editor.attempt(async () => {
      await job.discard();
      await this.#startJob(state.request);
    });
  }

  /** Chooses the next or the last variation; after the last one comes the first. */
  stepVariation(by: 1 | -1): void {
    const { job } = this.#editor;
    if (job.selected === null) return;
    const count = variationCount(job.selected.request);
    job.peekedVariation = null;
    job.chooseVariation((job.selected.variation + by + count) % count);
  }

  /** Draws more with the scales 0..scales-1 of the chosen variation; that one waits in the queue. */
  async drawMoreLike(scales: number): Promise<void> {
    const { selected, state } = this.#editor.job;
    if (selected === null || state.kind !== "candidate") return;
    const { variation } = selected;
    const startFrom = { jobId: state.jobId, variation, scales };
    this.#editor.settings.isSeedLocked = false;
    await this.#startJob(againRequest(state.request, this.#editor.settings, startFrom));
  }

  /** True if the result that is looked at was made from another state of the picture. */
  get isResultStale(): boolean {
    const { selected } = this.#editor.job;
    if (selected?.state.kind !== "candidate" || selected.request.kind === "generate") return false;
    return selected.baseRevision !== (this.#editor.document.info?.revision ?? null);
  }

  /** Takes the result: into its document, or, if it is a new picture, into a tab of its own. */
  async keep(): Promise<void> {
    const { job, compare, mask, document, settings } = this.#editor.workspace;
    if (job.state.kind !== "candidate" || this.isResultStale) return;
    await this.#editor.attempt(async () => {
      const info = await job.accept();
      compare.stop();
      if (info === null) return;
      if (document.info?.documentId !== info.documentId) return this.#editor.files.adopt(info);
      document.adopt(info);
      mask.keepFor(info);
      // What was kept is to be looked at, and the mask would cover just that.
      mask.isVisible = false;
      settings.fit(info);
    });
  }

  /** Looks at a job of any open picture. */
  showJob(workspace: Workspace, key: number): void {
    this.#editor.tabs.show(workspace);
    workspace.job.select(key);
  }

  /** Cancels, discards or forgets a job of any open picture, whichever ends it. */
  async endJob({ job }: Workspace, key: number): Promise<void> {
    job.dismiss(key);
    await this.#editor.attempt(async () => {
      await job.cancel(key);
      await job.discard(key);
    });
  }

  async discard(): Promise<void> {
    await this.#editor.attempt(() => this.#editor.job.discard());
  }

  async cancelJob(): Promise<void> {
    await this.#editor.attempt(() => this.#editor.job.cancel());
  }

  /** Escape: the nearest thing that can be left. */
  async cancel(): Promise<void> {
    switch (this.#editor.job.state.kind) {
      case "starting":
      case "running":
        return this.cancelJob();
      case "candidate":
        return this.discard();
      case "failed":
        return this.#editor.job.dismiss();
      case "waiting":
      case "idle":
        this.#editor.compare.stop();
    }
  }

  #panelRequest(): JobRequest | null {
    const { info } = this.#editor.document;
    const { model, enlarger, mode, settings } = this.#editor;
    if (mode === "upscale") {
      return info === null || enlarger === null ? null : upscaleRequest(settings, info, enlarger);
    }
    if (model === null) return null;
    if (mode === "generate") return generateRequest(settings, model);
    if (info === null) return null;
    if (mode === "extend") return extendRequest(settings, info, model);
    const mask = this.#editor.mask.toMask();
    if (mask === null) return null;
    return editRequest(settings, {
      document: info,
      model,
      mask,
      frozenScales: this.#editor.ladder.frozenScales,
      feather: this.#editor.mask.feather,
      mode: mode === "remove" ? "remove" : "redraw",
    });
  }

  async #startJob(request: JobRequest): Promise<void> {
    this.#editor.compare.stop();
    this.#editor.notices.dismissErrors();
    this.#editor.prompts.remember(request.prompt);
    const { job } = this.#editor;
    this.#editor.mask.isVisible = true;
    const hasPreviews = request.kind === "upscale" || this.#editor.preferences.current.previews;
    await this.#editor.attempt(() =>
      job.start(hasPreviews ? request : { ...request, previews: false }),
    );
  }
}

/** The kind of job that a panel starts. */
function kindOf(mode: Mode): JobRequest["kind"] {
  return mode === "remove" ? "edit" : mode;
}
