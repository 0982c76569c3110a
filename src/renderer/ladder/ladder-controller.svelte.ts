import { intersectRects, rectOfSize, rectsEqual, type Rect } from "../../core/rect.js";
import type { EditorApi } from "../../shared/api.js";
import type { ScaleThumbnail } from "../../shared/documents.js";
import type { ModelSummary } from "../../shared/models.js";
import type { RevisionView } from "../document/document-controller.svelte.js";
import type { Timer } from "../notices/notices.svelte.js";
import { readRegionPictures, type PlacedImage } from "./region-pictures.js";
import { rungsOf, type Rung } from "./rungs.js";

/** What the rungs are pictures of. */
interface Subject {
  readonly view: RevisionView;
  readonly model: ModelSummary;
  /** In document pixels; may hang over the picture's border. */
  readonly region: Rect;
  /** The state since which the picture was neither cropped nor turned. */
  readonly frame: number | null;
}

/** What else is told of a region that the ladder shows. */
export interface RegionFacts {
  /** False while the region stands for the picture because nothing is masked; true if it is not told. */
  readonly hasRegion?: boolean;
  /** See `DocumentController.frame`: pictures of another one say nothing about this one. */
  readonly frame?: number | null;
}

/** `built`: the region as it looks with this scale and all coarser ones; `alone`: what it adds. */
export type RungPicture = "built" | "alone";

/** A brush stroke moves the region many times a second; pictures follow when it rests. */
const REST_MS = 120;
/** What is kept at first: colour and layout, and the shapes. */
const FIRST_FROZEN_SCALES = 2;

/**
 * The ladder's lock and what its rungs show. Each picture has a lock of its own, which a new mask
 * begins with; moving the lock while something is masked moves it for that mask only.
 */
export class LadderController {
  /** The lock of the picture: what masks begin with. */
  pictureLock = $state(0);
  /** The lock of what is masked, where it differs from the picture's. */
  regionLock = $state<number | null>(null);
  /** True while something is masked. */
  hasRegion = $state(false);
  picture = $state<RungPicture>("built");
  /** The rung that the person points at: the canvas shows its scale. */
  peekedScale = $state<number | null>(null);
  thumbnails = $state.raw<readonly ScaleThumbnail[]>([]);
  built = $state.raw<readonly PlacedImage[]>([]);
  isLoading = $state(false);
  #model = $state.raw<ModelSummary | null>(null);
  #subject: Subject | null = null;
  /** What `thumbnails` and `built` are pictures of; the subject itself once they have arrived. */
  #pictured: Subject | null = null;

  readonly #api: Pick<EditorApi, "readScaleThumbnails" | "readTile">;
  readonly #timer: Timer;
  readonly #onError: (error: unknown) => void;
  #stopTimer: () => void = () => undefined;

  constructor(
    api: Pick<EditorApi, "readScaleThumbnails" | "readTile">,
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
    this.pictureLock = Math.min(FIRST_FROZEN_SCALES, Math.max(0, this.rungs.length - 1));
    this.regionLock = null;
  }

  // --- the lock --------------------------------------------------------------------------------

  /** False for a model that draws everything at once: a lock would keep all or nothing. */
  get canLock(): boolean {
    return this.rungs.length > 1;
  }

  /** Scales 0..frozenScales-1 are kept. */
  get frozenScales(): number {
    if (!this.canLock) return 0;
    // What was begun with another model may keep more scales than this one has.
    return Math.min(this.regionLock ?? this.pictureLock, this.rungs.length);
  }

  isKept(scale: number): boolean {
    return scale < this.frozenScales;
  }

  setFrozenScales(count: number): void {
    if (!this.canLock) return;
    const lock = Math.max(0, Math.min(Math.round(count), this.rungs.length));
    if (!this.hasRegion) this.pictureLock = lock;
    else this.regionLock = lock === this.pictureLock ? null : lock;
  }

  /** A click on a rung: a kept one is redrawn from there on, a redrawn one is kept up to there. */
  toggle(scale: number): void {
    this.setFrozenScales(this.isKept(scale) ? scale : scale + 1);
  }

  /** The mask has the picture's lock again. */
  followPicture(): void {
    this.regionLock = null;
  }

  /** The mask's lock becomes the one that every mask of this picture begins with. */
  useForPicture(): void {
    this.pictureLock = this.frozenScales;
    this.regionLock = null;
  }

  // --- pictures --------------------------------------------------------------------------------

  /** What a scale adds by itself. */
  thumbnailOf(scale: number): ScaleThumbnail | null {
    return this.thumbnails.find((thumbnail) => thumbnail.scale === scale) ?? null;
  }

  /** What a rung shows, or null until it is there. */
  pictureOf(scale: number): PlacedImage["image"] | ScaleThumbnail | null {
    return this.picture === "built" ? (this.built[scale]?.image ?? null) : this.thumbnailOf(scale);
  }

  /** The scale that the person points at, to be laid over the picture. */
  get peek(): {
    readonly rect: Rect;
    readonly image: ScaleThumbnail | PlacedImage["image"];
  } | null {
    const scale = this.peekedScale;
    if (scale === null) return null;
    if (this.picture === "built") return this.built[scale] ?? null;
    const image = this.thumbnailOf(scale);
    if (image === null || this.#pictured === null) return null;
    return { rect: insideOf(this.#pictured), image };
  }

  /** Shows a region as soon as it rests; null empties the rungs. */
  showRegion(
    view: RevisionView | null,
    model: ModelSummary | null,
    region: Rect | null,
    { hasRegion = region !== null, frame = null }: RegionFacts = {},
  ): void {
    const last = this.#subject;
    const isOther = last?.view.documentId !== view?.documentId;
    // What it showed of the picture as it lay before is at no place what is there now.
    const isElsewhere = isOther || last?.frame !== frame;
    this.hasRegion = hasRegion;
    if (!hasRegion || isOther) this.regionLock = null;
    if (view === null || model === null || region === null) {
      this.#empty();
      return;
    }
    const subject = { view, model, region, frame };
    if (last !== null && sameSubject(last, subject)) return;
    if (isElsewhere) this.#empty();
    this.#subject = subject;
    this.#stopTimer();
    this.#stopTimer = this.#timer(() => void this.#load(subject), isElsewhere ? 0 : REST_MS);
  }

  /** Reads the shown pictures again, for example after the engine was restarted. */
  reload(): void {
    if (this.#subject !== null) void this.#load(this.#subject);
  }

  #empty(): void {
    this.#stopTimer();
    this.#subject = null;
    this.#showPictures(null);
    this.isLoading = false;
  }

  /** Shows pictures of a subject on the rungs; null takes away those that are there. */
  #showPictures(
    of: Subject | null,
    built: readonly PlacedImage[] = [],
    thumbnails: readonly ScaleThumbnail[] = [],
  ): void {
    this.#pictured = of;
    this.built = built;
    this.thumbnails = thumbnails;
  }

  async #load(subject: Subject): Promise<void> {
    const { view, model, region } = subject;
    this.isLoading = true;
    try {
      const cells = this.rungs.map(({ side }) => region.width / side);
      const [built, { thumbnails }] = await Promise.all([
        readRegionPictures(this.#api, view, region, cells),
        this.#api.readScaleThumbnails({
          documentId: view.documentId,
          revision: view.revision,
          modelId: model.modelId,
          region: insideOf(subject),
        }),
      ]);
      if (this.#subject !== subject) return;
      this.#showPictures(subject, built, thumbnails);
    } catch (error) {
      if (this.#subject !== subject) return;
      // What is there are pictures of something else, and nothing will replace them.
      if (this.#pictured !== subject) this.#showPictures(null);
      this.#onError(error);
    } finally {
      if (this.#subject === subject) this.isLoading = false;
    }
  }
}

function insideOf({ view, region }: Subject): Rect {
  return intersectRects(region, rectOfSize(view.size.width, view.size.height));
}

function sameSubject(a: Subject, b: Subject): boolean {
  return (
    a.view.documentId === b.view.documentId &&
    a.view.revision === b.view.revision &&
    a.frame === b.frame &&
    a.model.modelId === b.model.modelId &&
    rectsEqual(a.region, b.region)
  );
}
