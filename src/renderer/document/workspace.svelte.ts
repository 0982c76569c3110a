import type { EditorApi } from "../../shared/api.js";
import type { DocumentInfo } from "../../shared/documents.js";
import { PANEL_MODES, type Draft } from "../../shared/drafts.js";
import type { ModelSummary } from "../../shared/models.js";
import type { Platform } from "../app/platform.js";
import { CompareController } from "../compare/compare.svelte.js";
import { JobController } from "../job/job-controller.svelte.js";
import { JobSettings } from "../job/settings.svelte.js";
import { LadderController } from "../ladder/ladder-controller.svelte.js";
import { MaskController } from "../mask/mask-controller.svelte.js";
import type { ToolSettings } from "../mask/tool-settings.svelte.js";
import { UpscalePreview } from "../panel/upscale-preview.svelte.js";
import { Viewport } from "../view/viewport.svelte.js";
import { DocumentController } from "./document-controller.svelte.js";

/** What the right panel is about. */
export const MODES = PANEL_MODES;
export type Mode = (typeof MODES)[number];

export interface WorkspaceParts {
  readonly api: EditorApi;
  readonly platform: Platform;
  readonly tools: ToolSettings;
  readonly model: ModelSummary | null;
  readonly onError: (error: unknown) => void;
}

let nextId = 1;

/**
 * Everything that belongs to one picture and waits while another one is in front: the document, how
 * it is looked at, its mask, its lock, its settings and its job. One tab shows one workspace.
 */
export class Workspace {
  /** Names the tab for as long as the page lives. */
  readonly id = nextId++;
  readonly document: DocumentController;
  readonly viewport = new Viewport();
  readonly mask: MaskController;
  readonly ladder: LadderController;
  readonly settings: JobSettings;
  readonly job: JobController;
  readonly upscalePreview: UpscalePreview;
  readonly compare = new CompareController();
  mode = $state<Mode>("edit");
  /** The picture that the viewport was fitted to; see `Editor.syncViewport`. */
  sceneId: string | null = null;
  readonly #tools: ToolSettings;

  constructor({ api, platform, tools, model, onError }: WorkspaceParts) {
    this.#tools = tools;
    this.document = new DocumentController(api);
    this.mask = new MaskController(tools);
    this.settings = new JobSettings(platform.randomSeed);
    this.job = new JobController(api, platform.now, () => this.document.info?.revision ?? null);
    this.upscalePreview = new UpscalePreview(api, onError);
    this.ladder = new LadderController(api, platform.timer, onError);
    this.useModel(model);
  }

  /** True if nothing would be lost or hidden by showing a picture here. */
  get isBlank(): boolean {
    return this.document.info === null && this.job.entries.length === 0;
  }

  /** True if closing asks first: changes are in no file, or a job is not at its end. */
  get hasUnsaved(): boolean {
    return this.document.info?.isDirty === true || this.job.isUnfinished;
  }

  useModel(model: ModelSummary | null): void {
    this.ladder.useModel(model);
    if (model !== null) this.settings.applyDefaults(model.sampling);
  }

  /** Shows a document that was just opened. */
  adopt(info: DocumentInfo): void {
    this.document.adopt(info);
    this.compare.stop();
    this.mask.reset(info);
    this.#tools.suggestBrushSize(info);
    this.settings.fit(info);
  }

  /** What was begun on the picture and is no edit of it yet, but for the mask. */
  get draftFields(): Omit<Draft, "mask"> {
    const { mask, ladder, mode, settings } = this;
    return {
      mode,
      feather: mask.chosenFeather,
      pictureLock: ladder.pictureLock,
      regionLock: ladder.regionLock,
      settings: settings.toDraft(),
    };
  }

  /** @param packed the mask of now, by whoever has packed it already */
  toDraft(packed = this.mask.toPacked()): Draft {
    const { size } = this.mask;
    return {
      ...this.draftFields,
      mask: packed === null || size === null ? null : { size, packed },
    };
  }

  /** Goes on where an earlier page was. A mask of a picture of another size is left out. */
  restore(draft: Draft): void {
    const { mask, ladder } = this;
    this.mode = draft.mode;
    this.settings.restore(draft.settings);
    mask.chosenFeather = draft.feather;
    ladder.pictureLock = draft.pictureLock;
    const { size } = draft.mask ?? {};
    if (draft.mask === null || size?.width !== mask.size?.width) return;
    if (size?.height !== mask.size?.height) return;
    mask.paintPacked(draft.mask.packed, "add");
    mask.forgetUndo();
    ladder.regionLock = draft.regionLock;
  }
}
