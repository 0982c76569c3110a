import { clampRectInto, rectOfSize, type Rect } from "../../core/rect.js";
import type { EditorApi } from "../../shared/api.js";
import type { UpscaleJob } from "../../shared/jobs.js";
import { draws, type InstalledModel } from "../../shared/models.js";
import { creativityWith } from "../job/abilities.js";
import type { KnownPaces } from "../job/job-controller.svelte.js";
import type { JobSettings } from "../job/settings.svelte.js";
import { paceKind, upscaleTarget } from "../job/upscale-target.js";
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

/** What decides how large a previewed part may be. */
export interface PreviewKind {
  readonly factor: number;
  readonly creativity: number;
  /** Side of the model's own pictures, or null without a model that draws. */
  readonly imageSize: number | null;
}

/** What a preview with these settings is like. */
export function previewKind(
  picture: Size,
  settings: JobSettings,
  model: InstalledModel | null,
): PreviewKind {
  const { factor } = upscaleTarget(picture, settings, model);
  const imageSize = model !== null && draws(model) ? model.layout.imageSize : null;
  return { factor, creativity: creativityWith(settings, model), imageSize };
}

/** What a preview's pixels depend on, besides its place: a prompt only where something is drawn. */
export function previewSubject(request: UpscaleJob): string {
  const { prompt, seed, guidance, ...rest } = request;
  return JSON.stringify(request.creativity > 0 ? { ...rest, prompt, seed, guidance } : rest);
}

/**
 * Longest side of a previewed part in picture pixels. What is drawn token by token is kept within one
 * picture of the model, which takes a fraction of what several with their overlaps do; a pixel less at
 * each end, where sizes that are no multiple reach out to.
 */
function mostSide({ factor, creativity, imageSize }: PreviewKind): number {
  const isDrawn = creativity > 0 && imageSize !== null;
  const result = isDrawn ? Math.min(RESULT_SIDE, imageSize - 2 * factor) : RESULT_SIDE;
  return Math.max(LEAST_SIDE, Math.min(Math.round(result / factor), MOST_SIDE));
}

/** A small part of the picture, upscaled before all of it is. */
export class UpscalePreview {
  /** Middle of the part, in picture pixels; null stands for the picture's own middle. */
  centre = $state.raw<Point | null>(null);
  pair = $state.raw<PreviewPair | null>(null);
  isBusy = $state(false);
  /** For estimates, before a job has told more. */
  paces = $state.raw<KnownPaces>({});

  readonly #api: Pick<EditorApi, "previewUpscale" | "readTile">;
  readonly #onError: (error: unknown) => void;
  #wanted = 0;

  constructor(
    api: Pick<EditorApi, "previewUpscale" | "readTile">,
    onError: (error: unknown) => void,
  ) {
    this.#api = api;
    this.#onError = onError;
  }

  /** The part of a picture that a preview shows; smaller the more it is enlarged. */
  rectIn(picture: Size, kind: PreviewKind): Rect {
    const side = mostSide(kind);
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
    this.isBusy = true;
    try {
      const [[before], after] = await Promise.all([
        readRegionPictures(this.#api, view, rect, [1]),
        this.#api.previewUpscale({ request, rect }),
      ]);
      if (turn !== this.#wanted || before === undefined) return;
      this.pair = { rect, before: before.image, after };
      if (after.seconds > 0) {
        const pace = (after.width * after.height) / 1e6 / after.seconds;
        this.paces = { ...this.paces, [paceKind(request)]: pace };
      }
    } catch (error) {
      if (turn === this.#wanted) this.#onError(error);
    } finally {
      if (turn === this.#wanted) this.isBusy = false;
    }
  }

  /** Picture or settings changed: what was shown is of others. */
  forget(): void {
    this.#wanted++;
    this.pair = null;
    this.isBusy = false;
  }
}
