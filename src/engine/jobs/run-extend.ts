import type { TokenLayout } from "../../core/layout.js";
import type { Mask } from "../../core/mask/mask.js";
import { modelImageSteps } from "../../core/model-image.js";
import { planExtension, type ExtendPlan } from "../../core/plan/extend.js";
import type { EditRegion } from "../../core/plan/region.js";
import { pasteRaster, type Raster } from "../../core/raster.js";
import {
  bottomOf,
  intersectRects,
  isEmptyRect,
  rectOfSize,
  rightOf,
  translateRect,
  type Rect,
} from "../../core/rect.js";
import { AppError } from "../../core/errors.js";
import { MAX_PIXELS, MAX_SIDE_PX, MAX_VARIATIONS } from "../../shared/limits.js";
import type { ExtendJob } from "../../shared/jobs.js";
import {
  drawPictures,
  paceOf,
  stepsOf,
  variationCount,
  type DrawnPicture,
} from "../edit/draw-pictures.js";
import { createEditPreview, previewShares, type EditPreview } from "../edit/edit-preview.js";
import { mirroredCanvas } from "../edit/mirrored-canvas.js";
import { applyNatively } from "../edit/native-change.js";
import { placeTexture, surroundingsSteps, textureFrom } from "../edit/surroundings.js";
import type { PreviewPacer } from "../edit/preview-pacer.js";
import {
  planRegionTokens,
  requireStartCodes,
  withStartCodes,
  type RegionTokens,
} from "../edit/region-plan.js";
import { inSteps, pause, type JobContext } from "./job-context.js";
import type { LoadedModel } from "./prompts.js";

/** What an extension needs of its request. */
export type ExtendRequest = Omit<ExtendJob, "kind" | "documentId" | "modelId" | "startFrom">;

/** One variation of an extended picture. */
export interface ExtendedVariation {
  readonly raster: Raster;
  /** Every token of each region, in the order of drawing. */
  readonly codes: readonly Int32Array[];
}

/** What an extension made. */
export interface ExtendOutcome {
  /** The new canvas in pixels of the picture as it was: it starts at (-left, -top). */
  readonly rect: Rect;
  /** The regions that were drawn, in their order and in pixels of the new canvas. */
  readonly areas: readonly Rect[];
  readonly variations: readonly ExtendedVariation[];
}

/**
 * Makes the canvas larger and draws what is new, region by region; the picture's own pixels stay bit
 * for bit. The new part continues it with its own texture. New pixels have the alpha of the
 * nearest one of the picture: an opaque picture stays so.
 * @throws AppError REQUEST_INVALID, IMAGE_TOO_LARGE; an AbortError if cancelled
 */
export async function runExtend(
  loaded: LoadedModel,
  original: Raster,
  request: ExtendRequest,
  context: JobContext,
): Promise<ExtendOutcome> {
  const { layout, manifest } = loaded.model;
  requireSize(original, request);
  const plan = planExtension(original.width, original.height, request, layout);
  const regions = plan.regions.map((region) => region.rect);
  requireStartCodes(request.startCodes, layout, manifest.codebooks, regions);
  const rect = { ...rectOfSize(plan.canvas.width, plan.canvas.height) };
  const blank = mirroredCanvas(original, translateRect(rect, -request.left, -request.top));
  const areas = plan.regions.map((region, index) => areaOf(loaded, plan, request, region, index));
  const total = areas
    .map(({ tokens }) => stepsOf(loaded.model, tokens.isDrawn, request, context))
    .reduce((sum, steps) => sum + steps, 0);
  const pacer = paceOf(loaded.model, total, request, context);
  const job: ExtensionJob = { loaded, plan, request, context, areas, total, pacer, done: 0 };
  let canvases = [blank];
  const codes: Int32Array[][] = Array.from({ length: variationCount(request) }, () => []);
  for (const area of job.areas) {
    const pictures = await drawArea(job, area, canvases);
    const next: Raster[] = [];
    for (const [variation, picture] of pictures.entries()) {
      codes[variation]?.push(picture.codes);
      next.push(await apply(job, area, canvasAt(canvases, variation), picture, variation));
    }
    canvases = next;
  }
  return {
    rect: translateRect(rect, -request.left, -request.top),
    areas: regions,
    variations: codes.map((own, variation) => ({
      raster: canvasAt(canvases, variation),
      codes: own,
    })),
  };
}

/** Finer scales that an extension draws. */
const DRAWN_SCALES = 2;

/**
 * Coarse scales that an extension takes from the mirrored picture: drawn cell by cell they would be
 * a patchwork without a model far larger than ours.
 */
function layoutScales({ scaleCount }: TokenLayout): number {
  return Math.max(0, scaleCount - DRAWN_SCALES);
}

/** Whether the picture is continued by itself; who says what there is to be gets what is drawn of it. */
function isFilled({ prompt }: ExtendRequest): boolean {
  return prompt === "";
}

/** Share of a token's width over which the mirrored picture fades out: a fill joins on by itself. */
const FADE_OF_FILL = 0.25;

/** One region with what is new in it. */
interface ExtensionArea {
  readonly index: number;
  readonly region: EditRegion;
  /** Pixels that neither the picture nor an earlier region has; less than 255 near the picture. */
  readonly mask: Mask;
  /** Where the canvas has its pixels already, in their order. */
  readonly known: readonly Rect[];
  readonly tokens: RegionTokens;
}

interface ExtensionJob {
  readonly loaded: LoadedModel;
  readonly plan: ExtendPlan;
  readonly request: ExtendRequest;
  readonly context: JobContext;
  readonly areas: readonly ExtensionArea[];
  readonly pacer: PreviewPacer;
  /** Steps to take. */
  readonly total: number;
  /** Steps taken. */
  done: number;
}

function areaOf(
  { model }: LoadedModel,
  plan: ExtendPlan,
  request: ExtendRequest,
  region: EditRegion,
  index: number,
): ExtensionArea {
  // Mirrored pixels, which join on exactly, fade into what is drawn; longer ones would be seen as such.
  const fade = isFilled(request) ? FADE_OF_FILL : 1;
  const fadePx = fade * (model.layout.imageSize / model.layout.grid) * region.factor;
  const mask = fadingFrom(plan.picture, region.inside, fadePx);
  const earlier = plan.regions.slice(0, index).map((other) => other.inside);
  const known = [plan.picture, ...earlier];
  for (const rect of known) clear(mask, rect);
  const tokens = planRegionTokens({
    layout: model.layout,
    exactScales: layoutScales(model.layout),
    mask,
    region,
    strength: 1,
    seed: request.seed,
    startScales: request.startCodes?.scales ?? 0,
  });
  return { index, region, mask, known, tokens };
}

/** From 1 beside the picture to 255 at a distance of `fadePx`. */
function fadingFrom(picture: Rect, rect: Rect, fadePx: number): Mask {
  const alpha = new Uint8Array(rect.width * rect.height);
  let at = 0;
  for (let y = rect.y; y < rect.y + rect.height; y++) {
    const down = Math.max(picture.y - y, y - bottomOf(picture) + 1, 0);
    for (let x = rect.x; x < rect.x + rect.width; x++) {
      const across = Math.max(picture.x - x, x - rightOf(picture) + 1, 0);
      const share = Math.hypot(across, down) / fadePx;
      alpha[at++] = Math.max(1, Math.round(255 * Math.min(1, share)));
    }
  }
  return { rect, alpha };
}

function clear({ rect, alpha }: Mask, known: Rect): void {
  const common = intersectRects(rect, known);
  if (isEmptyRect(common)) return;
  for (let y = common.y; y < common.y + common.height; y++) {
    const start = (y - rect.y) * rect.width + common.x - rect.x;
    alpha.fill(0, start, start + common.width);
  }
}

/** Draws all variations of a region, each with its own surroundings. */
async function drawArea(
  job: ExtensionJob,
  { index, region, mask, tokens }: ExtensionArea,
  canvases: readonly Raster[],
): Promise<DrawnPicture[]> {
  const { loaded, request, context, pacer } = job;
  const { model } = loaded;
  context.onProgress({ stage: "encoding", scale: null, done: index, total: job.areas.length });
  const contexts = [];
  for (const canvas of canvases) {
    await pause(context);
    const image = await inSteps(modelImageSteps(canvas, region.rect, region.factor), context);
    const codes = await model.encode(image);
    contexts.push({
      image,
      codes: withStartCodes(codes, tokens, model.layout, request.startCodes, index),
    });
  }
  const rect = translateRect(region.inside, -request.left, -request.top);
  const previews = new Map<Raster, EditPreview>();
  return drawPictures(loaded, { contexts, index, ...tokens }, request, {
    context,
    pacer,
    onStep: (scale) => {
      context.onProgress({ stage: "drawing", scale, done: ++job.done, total: job.total });
    },
    onPicture: (scale, image, variation) => {
      if (request.previews === false) return;
      const canvas = canvasAt(canvases, variation);
      const preview =
        previews.get(canvas) ?? createEditPreview(canvas, region, previewShares(mask, region));
      previews.set(canvas, preview);
      context.onPreview(scale, rect, preview.render(image), variation);
    },
  });
}

async function apply(
  { loaded, context, request }: ExtensionJob,
  { index, region, mask, known }: ExtensionArea,
  canvas: Raster,
  { image }: DrawnPicture,
  variation: number,
): Promise<Raster> {
  await pause(context);
  const surroundings = await inSteps(surroundingsSteps(canvas, region, mask, known), context);
  const { seed, firstVariation = 0 } = request;
  const wanted = {
    seed,
    // Regions have random numbers of their own, too.
    variation: index * MAX_VARIATIONS + firstVariation + variation,
    isFilled: isFilled(request),
  };
  const textured = await textureFrom(surroundings, image, wanted, context);
  const placed = textured.texture
    ? placeTexture(surroundings, textured.texture, textured.image)
    : undefined;
  const { rect, patch } = await applyNatively(
    loaded,
    { original: canvas, region, generated: textured.image, mask, blockSide: null, texture: placed },
    context,
  );
  return pasteRaster(canvas, patch, rect.x, rect.y);
}

function canvasAt(canvases: readonly Raster[], variation: number): Raster {
  const canvas = canvases.length === 1 ? canvases[0] : canvases[variation];
  if (canvas) return canvas;
  throw new RangeError("a canvas for each variation is needed");
}

function requireSize({ width, height }: Raster, { left, top, right, bottom }: ExtendRequest): void {
  const [newWidth, newHeight] = [left + width + right, top + height + bottom];
  const fits = newWidth <= MAX_SIDE_PX && newHeight <= MAX_SIDE_PX;
  if (fits && newWidth * newHeight <= MAX_PIXELS) return;
  throw new AppError(
    "IMAGE_TOO_LARGE",
    `Expected an extended picture of at most ${MAX_PIXELS / 1e6} megapixels and ${MAX_SIDE_PX} pixels a side but it would become ${newWidth} x ${newHeight}; choose smaller margins.`,
    { widthPx: newWidth, heightPx: newHeight },
  );
}
