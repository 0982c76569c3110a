import { rectsEqual, type Rect } from "../../core/rect.js";
import type { EditorApi } from "../../shared/api.js";
import type { ScaleThumbnail } from "../../shared/documents.js";
import type { ModelSummary } from "../../shared/models.js";
import type { RevisionView } from "../document/document-controller.svelte.js";
import type { Timer } from "../notices/notices.svelte.js";
import { rungsOf, type Rung } from "./rungs.js";

/** Which thumbnails are on the ladder. */
interface ThumbnailKey {
  readonly view: RevisionView;
  readonly model: ModelSummary;
  readonly region: Rect;
}

/** A brush stroke moves the region many times a second; thumbnails follow when it rests. */
const REST_MS = 120;
/** What is kept at first: colour and layout, and the shapes. */
const FIRST_FROZEN_SCALES = 2;

/** The ladder's lock and what its rungs show. */
export class LadderController {
  /** Scales 0..frozenScales-1 are kept. */
  frozenScales = $state(0);
  thumbnails = $state.raw<readonly ScaleThumbnail[]>([]);
  isLoading = $state(false);
  #model = $state.raw<ModelSummary | null>(null);

  readonly #api: Pick<EditorApi, "readScaleThumbnails">;
  readonly #timer: Timer;
  readonly #onError: (error: unknown) => void;
  #stopTimer: () => void = () => undefined;
  #wanted: ThumbnailKey | null = null;

  constructor(
    api: Pick<EditorApi, "readScaleThumbnails">,
    timer: Timer,
    onError: (error: unknown) => void,
  ) {
    this.#api = api;
    this.#timer = timer;
    this.#onError = onError;
  }

  readonly rungs: readonly Rung[] = $derived.by(() =>
    this.#model === null ? [] : rungsOf(this.#model.layout),
  );

  useModel(model: ModelSummary | null): void {
    this.#model = model;
    const count = model?.layout.scales ?? 0;
    this.frozenScales = Math.min(FIRST_FROZEN_SCALES, Math.max(0, count - 1));
  }

  isKept(scale: number): boolean {
    return scale < this.frozenScales;
  }

  setFrozenScales(count: number): void {
    this.frozenScales = Math.max(0, Math.min(Math.round(count), this.rungs.length));
  }

  /** A click on a rung: a kept one is redrawn from there on, a redrawn one is kept up to there. */
  toggle(scale: number): void {
    this.setFrozenScales(this.isKept(scale) ? scale : scale + 1);
  }

  thumbnailOf(scale: number): ScaleThumbnail | null {
    return this.thumbnails.find((thumbnail) => thumbnail.scale === scale) ?? null;
  }

  /** Shows this region as soon as it rests; null empties the rungs. */
  showRegion(view: RevisionView | null, model: ModelSummary | null, region: Rect | null): void {
    if (view === null || model === null || region === null) {
      this.#stopTimer();
      this.#wanted = null;
      this.thumbnails = [];
      this.isLoading = false;
      return;
    }
    const key = { view, model, region };
    if (this.#wanted !== null && sameKey(this.#wanted, key)) return;
    const isOther = this.#wanted?.view.documentId !== view.documentId;
    if (isOther) this.thumbnails = [];
    this.#wanted = key;
    this.#stopTimer();
    this.#stopTimer = this.#timer(() => void this.#load(key), isOther ? 0 : REST_MS);
  }

  /** Reads the shown thumbnails again, for example after the engine was restarted. */
  reload(): void {
    if (this.#wanted !== null) void this.#load(this.#wanted);
  }

  async #load(key: ThumbnailKey): Promise<void> {
    this.isLoading = true;
    try {
      const { thumbnails } = await this.#api.readScaleThumbnails({
        documentId: key.view.documentId,
        revision: key.view.revision,
        modelId: key.model.modelId,
        region: key.region,
      });
      if (this.#wanted === key) this.thumbnails = thumbnails;
    } catch (error) {
      if (this.#wanted === key) this.#onError(error);
    } finally {
      if (this.#wanted === key) this.isLoading = false;
    }
  }
}

function sameKey(a: ThumbnailKey, b: ThumbnailKey): boolean {
  return (
    a.view.documentId === b.view.documentId &&
    a.view.revision === b.view.revision &&
    a.model.modelId === b.model.modelId &&
    rectsEqual(a.region, b.region)
  );
}
