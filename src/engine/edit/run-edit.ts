import type { CompositeResult } from "../../core/edit/composite.js";
import { AppError } from "../../core/errors.js";
import { frozenBlockSide, frozenTokenCount, type TokenLayout } from "../../core/layout.js";
import { maskedCells } from "../../core/mask/cells.js";
import { featherMask } from "../../core/mask/feather.js";
import { maskAlphaIn, trimMask, validateMask, type Mask } from "../../core/mask/mask.js";
import { readModelImage, type ModelImage } from "../../core/model-image.js";
import { planEditRegion, type EditRegion } from "../../core/plan/region.js";
import { cropRaster, type Raster } from "../../core/raster.js";
import { intersectRects, isEmptyRect, rectOfSize } from "../../core/rect.js";
import type { EditJob } from "../../shared/jobs.js";
import { drawTokens } from "../ar/draw-tokens.js";
import { TokenKind, type Model } from "../bundle/model.js";
import { pause, type JobContext } from "../jobs/job-context.js";
import { readSteering, type LoadedModel } from "../jobs/prompts.js";
import { createRandom } from "../sampling/random.js";
import { createEditPreview } from "./edit-preview.js";
import { applyNatively } from "./native-change.js";

/** What an edit needs of its request; the document is already looked up. */
export type EditRequest = Omit<EditJob, "kind" | "documentId" | "modelId">;

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
): Promise<CompositeResult> {
  const { model } = loaded;
  const { layout } = model;
  const { frozenScales } = request;
  requireFrozenScales(layout, frozenScales);
  const drawnMask = maskInside(request.mask, original);
  const mask = featherMask(drawnMask, request.feather);
  const region = planEditRegion({
    imageWidth: original.width,
    imageHeight: original.height,
    maskBounds: drawnMask.rect,
    layout,
  });
  if (frozenScales === layout.scaleCount) return unchanged(original, region);

  const generated = await drawRegion(loaded, { original, region, mask, request }, context);
  const frozenSide = frozenBlockSide(layout, frozenScales);
  const blockSide = frozenSide === null ? null : frozenSide * region.factor;
  context.onProgress({ stage: "compositing", scale: null, done: 0, total: 1 });
  await pause(context);
  return applyNatively(
    model,
    { original, region, generated, mask, blockSide },
    {
      pause: () => pause(context),
      onTiles: (done, total) => {
        context.onProgress({ stage: "upscaling", scale: null, done, total });
      },
    },
  );
}

interface RegionToDraw {
  readonly original: Raster;
  readonly region: EditRegion;
  readonly mask: Mask;
  readonly request: EditRequest;
}

/** Draws the region at the model's resolution, with a preview after each scale. */
async function drawRegion(
  loaded: LoadedModel,
  { original, region, mask, request }: RegionToDraw,
  context: JobContext,
): Promise<ModelImage> {
  const { model } = loaded;
  context.onProgress({ stage: "encoding", scale: null, done: 0, total: 1 });
  await pause(context);
  const image = readModelImage(original, region.rect, region.factor);
  const codes = await model.encode(image);
  const isDrawn = tokensToDraw(model.layout, request.frozenScales, mask, region);
  await pause(context);
  const prefix = await readSteering(loaded, request);
  const total = isDrawn.reduce((sum, value) => sum + value, 0);
  const preview = createEditPreview(original, region, mask);
  let done = 0;
  let generated = image;
  await drawTokens(
    model,
    prefix,
    { codes, isDrawn },
    {
      ...request,
      random: createRandom(request.seed),
      pause: () => pause(context),
      onToken: (scale) => {
        context.onProgress({ stage: "drawing", scale, done: ++done, total });
      },
      onScale: async (scale, codesSoFar) => {
        await pause(context);
        generated = await decodeUpTo(model, image, codesSoFar, isDrawn, scale);
        context.onPreview(scale, region.inside, preview.render(generated));
      },
    },
  );
  return generated;
}

/** 1 for tokens of free scales whose cell holds a masked pixel. */
function tokensToDraw(
  layout: TokenLayout,
  frozenScales: number,
  mask: Mask,
  { rect }: EditRegion,
): Uint8Array {
  const cells = maskedCells(mask, rect, layout.grid);
  const frozen = frozenTokenCount(layout, frozenScales);
  return Uint8Array.from({ length: layout.tokenCount }, (_, token) =>
    token < frozen ? 0 : (cells[token % layout.tokensPerScale] ?? 0),
  );
}

/** Drawn tokens up to `scale` by their codes, later ones masked, everything else exact. */
async function decodeUpTo(
  model: Model,
  image: ModelImage,
  codes: Int32Array,
  isDrawn: Uint8Array,
  scale: number,
): Promise<ModelImage> {
  const known = frozenTokenCount(model.layout, scale + 1);
  const kinds = isDrawn.map((drawn, token) => {
    if (drawn === 0) return TokenKind.exact;
    return token < known ? TokenKind.code : TokenKind.masked;
  });
  return model.decode({ image, codes, kinds });
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
