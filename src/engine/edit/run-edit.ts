import type { CompositeResult } from "../../core/edit/composite.js";
import { fillHarmonically } from "../../core/edit/harmonic-fill.js";
import { keepBlockMeans } from "../../core/edit/keep-block-means.js";
import { limitMaskToCells } from "../../core/edit/limit-mask.js";
import { AppError } from "../../core/errors.js";
import { frozenBlockSide, type TokenLayout } from "../../core/layout.js";
import { featherSteps } from "../../core/mask/feather.js";
import { maskAlphaIn, trimMask, validateMask, type Mask } from "../../core/mask/mask.js";
import { modelImageSteps, type ModelImage } from "../../core/model-image.js";
import { planEditRegion, type EditRegion } from "../../core/plan/region.js";
import { cropRaster, type Raster } from "../../core/raster.js";
import { intersectRects, isEmptyRect, rectOfSize, type Rect } from "../../core/rect.js";
import { inSteps, pause, type JobContext } from "../jobs/job-context.js";
import type { LoadedModel } from "../jobs/prompts.js";
import {
  drawPictures,
  paceOf,
  stepsOf,
  variationCount,
  type DrawnPicture,
} from "./draw-pictures.js";
import type { EditRequest } from "./edit-request.js";
import {
  createEditPreview,
  maskShares,
  maskedModelPixels,
  softPreviewShares,
} from "./edit-preview.js";
import { applyNatively } from "./native-change.js";
import { planRegionTokens, requireStartCodes, withStartCodes } from "./region-plan.js";
import { exactScalesOf, removalOf } from "./removal.js";
import { placeTexture, surroundingsSteps, textureFrom, type Surroundings } from "./surroundings.js";

/** One variation of an edit. */
export interface EditedVariation {
  /** The new pixels of the region's part in the picture. */
  readonly patch: Raster;
  readonly changedPixels: number;
  /** Every token of the region. */
  readonly codes: Int32Array;
}

/** What an edit made. */
export interface EditOutcome {
  /** The region's part in the picture, the same for all variations. */
  readonly rect: Rect;
  /** The whole region, which may hang over the picture's border. */
  readonly area: Rect;
  readonly variations: readonly EditedVariation[];
}

/**
 * Redraws the masked part of a picture (design: edit). Scales below `frozenScales` and cells outside
 * the mask keep the picture's exact coefficients; the other tokens are drawn, coarse to fine.
 * @returns the region's new pixels: outside the mask bit-identical, frozen block sums unchanged
 * @throws AppError MASK_EMPTY, MASK_INVALID, REQUEST_INVALID; an AbortError if cancelled
 */
export async function runEdit(
  loaded: LoadedModel,
  original: Raster,
  request: EditRequest,
  context: JobContext,
): Promise<EditOutcome> {
  const { layout, manifest } = loaded.model;
  requireFrozenScales(layout, request.frozenScales);
  context.onProgress({ stage: "encoding", scale: null, done: 0, total: 1 });
  const drawnMask = maskInside(request.mask, original);
  const region = planEditRegion({
    imageWidth: original.width,
    imageHeight: original.height,
    maskBounds: drawnMask.rect,
    layout,
  });
  requireStartCodes(request.startCodes, layout, manifest.codebooks, [region.rect]);
  const area: EditArea = { original, region, mask: drawnMask, request };
  const { rect, pictures, touchedCells, seen } = await drawArea(loaded, area, context);
  context.onProgress({ stage: "compositing", scale: null, done: 0, total: 1 });
  // Not before: softening the mask of a large picture takes longer than the first preview may.
  const soft = touchedCells.includes(1)
    ? await inSteps(featherSteps(drawnMask, request.feather), context)
    : drawnMask;
  const mask = limitMaskToCells(soft, touchedCells, region.rect, layout.grid);
  const surroundings = isTextured(request, layout)
    ? await inSteps(surroundingsSteps(original, region, mask), context)
    : null;
  const kept = {
    seen,
    shares: maskShares(mask, region),
    surroundings,
  };
  const variations: EditedVariation[] = [];
  for (const [index, picture] of pictures.entries()) {
    const variation = (request.firstVariation ?? 0) + index;
    const change = { ...area, mask, kept, picture, variation };
    variations.push({ ...(await finish(loaded, change, context)), codes: picture.codes });
  }
  return { rect, area: region.rect, variations };
}

/** What is edited. */
interface EditArea {
  readonly original: Raster;
  readonly region: EditRegion;
  /** As it was painted; of a picture that was drawn, softened and limited to cells that changed. */
  readonly mask: Mask;
  readonly request: EditRequest;
}

/** Pictures at the model's resolution; `image` is null where nothing is to change. */
interface DrawnArea {
  readonly rect: Rect;
  /** One value a cell: 1 if what is drawn may change it. */
  readonly touchedCells: Uint8Array;
  /** The region of the original. */
  readonly seen: ModelImage;
  readonly pictures: readonly (Omit<DrawnPicture, "image"> & {
    readonly image: ModelImage | null;
  })[];
}

/** Draws the region at the model's resolution, with previews. */
async function drawArea(
  loaded: LoadedModel,
  { original, region, mask, request }: EditArea,
  context: JobContext,
): Promise<DrawnArea> {
  const { model } = loaded;
  const { layout } = model;
  const startScales = request.startCodes?.scales ?? 0;
  const tokens = planRegionTokens({
    layout,
    exactScales: exactScalesOf(request, layout),
    mask,
    region,
    strength: request.strength ?? 1,
    seed: request.seed,
    startScales,
  });
  const { touchedCells } = tokens;
  await pause(context);
  const seen = await inSteps(modelImageSteps(original, region.rect, region.factor), context);
  const removal = removalOf(request);
  const image = removal ? fillHarmonically(seen, maskedModelPixels(mask, region)) : seen;
  const codes = withStartCodes(await model.encode(image), tokens, layout, request.startCodes);
  const count = variationCount(request);
  if (!touchedCells.includes(1)) {
    const same = Array.from({ length: count }, () => ({ image: null, codes }));
    return { rect: region.inside, touchedCells, seen, pictures: same };
  }
  await pause(context);
  const shown = { mask, feather: request.feather, touchedCells, layout };
  const preview = createEditPreview(original, region, softPreviewShares(shown, region));
  const total = stepsOf(model, tokens.isDrawn, request, context);
  let done = 0;
  const pictures = await drawPictures(
    loaded,
    { contexts: [{ image, codes }], ...tokens },
    { ...request, ...removal },
    {
      context,
      pacer: paceOf(model, total, request, context),
      onStep: (scale) => context.onProgress({ stage: "drawing", scale, done: ++done, total }),
      onPicture: (scale, generated, variation) => {
        if (request.previews === false) return;
        context.onPreview(scale, region.inside, preview.render(generated), variation);
      },
    },
  );
  return { rect: region.inside, touchedCells, seen, pictures };
}

/** A drawn picture and where it belongs. */
interface DrawnChange extends EditArea {
  /** Its number among all that the seed gives. */
  readonly variation: number;
  readonly picture: DrawnArea["pictures"][number];
  /** The same for all variations: the original at the model's resolution, and how much of it changes. */
  readonly kept: {
    readonly seen: ModelImage;
    readonly shares: Float32Array;
    /** Null where what is drawn gets no texture of theirs. */
    readonly surroundings: Surroundings | null;
  };
}

/** Carries a drawn picture into the original. */
async function finish(
  loaded: LoadedModel,
  change: DrawnChange,
  context: JobContext,
): Promise<CompositeResult> {
  const { original, region, mask, request, picture, kept } = change;
  context.onProgress({ stage: "compositing", scale: null, done: 0, total: 1 });
  await pause(context);
  if (picture.image === null) return unchanged(original, region);
  const frozenSide = frozenBlockSide(loaded.model.layout, request.frozenScales);
  const { surroundings } = kept;
  const { seed, mode } = request;
  const wanted = { seed, variation: change.variation, isFilled: mode === "remove" };
  const { image, texture } = surroundings
    ? await textureFrom(surroundings, picture.image, wanted, context)
    : { image: picture.image, texture: null };
  // What the enlarged picture is to keep exactly is nearly kept before, where it can be spread smoothly.
  const generated =
    frozenSide === null ? image : keepBlockMeans(image, kept.seen, kept.shares, frozenSide);
  const blockSide = frozenSide === null ? null : frozenSide * region.factor;
  const placed =
    surroundings && texture ? placeTexture(surroundings, texture, generated) : undefined;
  const whole = { original, region, generated, mask, blockSide, texture: placed };
  return applyNatively(loaded, whole, context);
}

/** Side in model pixels of the frozen blocks that leave to the surroundings what texture there is. */
const TEXTURED_BLOCK = 8;

/**
 * True if what is drawn gets the texture of its surroundings: in removals, and where frozen blocks are
 * smaller than a token's cell but large beside fine detail. Who frees coarser scales wants something
 * new, which the surroundings cannot give; smaller blocks say themselves what texture there is.
 */
function isTextured({ mode, frozenScales }: EditRequest, layout: TokenLayout): boolean {
  const frozenSide = frozenBlockSide(layout, frozenScales);
  if (mode === "remove") return frozenSide === null;
  return frozenSide === TEXTURED_BLOCK && frozenSide < layout.cellSide;
}

/** The part of the mask that lies in the picture, shrunk to what is painted. */
function maskInside(mask: Mask, { width, height }: Raster): Mask {
  validateMask(mask);
  const rect = intersectRects(mask.rect, rectOfSize(width, height));
  if (isEmptyRect(rect)) {
    throw new AppError(
      "MASK_EMPTY",
      "Expected a mask that covers a part of the picture but it lies outside; paint on the picture.",
      { ...mask.rect },
    );
  }
  return trimMask({ rect, alpha: maskAlphaIn(mask, rect) });
}

function unchanged(original: Raster, { inside }: EditRegion): CompositeResult {
  return { rect: inside, patch: cropRaster(original, inside), changedPixels: 0 };
}

function requireFrozenScales({ scaleCount }: TokenLayout, frozenScales: number): void {
  if (frozenScales <= scaleCount) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected at most ${scaleCount} frozen scales, which is all that this model has, but got ${frozenScales}.`,
    { frozenScales, scaleCount },
  );
}
