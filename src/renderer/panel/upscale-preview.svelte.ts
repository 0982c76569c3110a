import { clampRectInto, rectOfSize, type Rect } from "../../core/rect.js";
import type { EditorApi } from "../../shared/api.js";
import type { UpscaleJob } from "../../shared/jobs.js";
import { readRegionPictures, type ScreenImage } from "../ladder/region-pictures.js";
import type { RevisionView } from "../document/document-controller.svelte.js";
import type { Point, Size } from "../view/geometry.js";

/** Both sides of a preview. */
export interface PreviewPair {
  readonly rect: Rect;
  readonly before: ScreenImage;
  readonly after: { readonly width: number; readonly height: number; readonly rgba: Uint8Array };
}

/** Longest side of a previewed result in pixels: about what the panel shows at full size. */
const RESULT_SIDE = 288;
const LEAST_SIDE = 16;
const MOST_SIDE = 256;

/** A small part of the picture, upscaled before all of it is. */
export class UpscalePreview {
  /** Middle of the part, in picture pixels; null stands for the picture's own middle. */
  centre = $state.raw<Point | null>(null);
  pair = $state.raw<PreviewPair | null>(null);
  isBusy = $state(false);
  /** Output megapixels a second of the last preview, for estimates. */
  megapixelsPerSecond = $state<number | null>(null);

  readonly #api: Pick<EditorApi, "previewUpscale" | "readTile">;
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  #wanted = 0;

  constructor(
    api: Pick<EditorApi, "previewUpscale" | "readTile">,
    now: () => number,
    onError: (error: unknown) => void,
  ) {
    this.#api = api;
    this.#now = now;
    this.#onError = onError;
  }

  /** The part of a picture that a preview shows; smaller the more it is enlarged. */
  rectIn(picture: Size, factor: number): Rect {
    const side = Math.max(LEAST_SIDE, Math.min(Math.round(RESULT_SIDE / factor), MOST_SIDE));
    const width = Math.min(side, picture.width);
    const height = Math.min(side, picture.height);
    const centre = this.centre ?? { x: picture.width / 2, y: picture.height / 2 };
    const x = Math.round(centre.x - width / 2);
    const y = Math.round(centre.y - height / 2);
    return clampRectInto({ x, y, width, height }, rectOfSize(picture.width, picture.height));
  }

  moveTo(centre: Point): void {
    this.centre = centre;
  }

  /** Draws the part; a later call makes an earlier one's answer void. */
  async run(view: RevisionView, request: UpscaleJob, rect: Rect): Promise<void> {
    const turn = ++this.#wanted;
    const startedAt = this.#now();
    this.isBusy = true;
    try {
      const [[before], after] = await Promise.all([
        readRegionPictures(this.#api, view, rect, [1]),
        this.#api.previewUpscale({ request, rect }),
      ]);
      if (turn !== this.#wanted || before === undefined) return;
      this.pair = { rect, before: before.image, after };
      const seconds = (this.#now() - startedAt) / 1000;
      if (seconds > 0) this.megapixelsPerSecond = (after.width * after.height) / 1e6 / seconds;
    } catch (error) {
      if (turn === this.#wanted) this.#onError(error);
    } finally {
      if (turn === this.#wanted) this.isBusy = false;
    }
  }

  /** The picture changed: what was shown is of another one. */
  forget(): void {
    this.#wanted++;
    this.pair = null;
    this.isBusy = false;
  }
}
