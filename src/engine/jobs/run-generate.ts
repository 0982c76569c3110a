import { modelImageToSamples, type ModelImage } from "../../core/model-image.js";
import { createRaster, type Raster } from "../../core/raster.js";
import { rectOfSize } from "../../core/rect.js";
import { toScreenPixels } from "../../core/screen-pixels.js";
import type { GenerateJob } from "../../shared/jobs.js";
import { TokenKind } from "../bundle/model.js";
import { drawPictures, paceOf, stepsOf } from "../edit/draw-pictures.js";
import { requireStartCodes, withStartCodes } from "../edit/region-plan.js";
import { pause, type JobContext } from "./job-context.js";
import type { LoadedModel } from "./prompts.js";
import { runUpscale } from "./run-upscale.js";

/** What a generation needs of its request. */
export type GenerateRequest = Omit<GenerateJob, "kind" | "modelId" | "startFrom">;

/** One generated picture. */
export interface GeneratedVariation {
  /** 8-bit RGB. */
  readonly raster: Raster;
  readonly codes: Int32Array;
}

/**
 * Draws pictures of the model's size from text alone, and enlarges them faithfully if asked to (smoothly
 * with a model that predicts no detail).
 * @throws AppError REQUEST_INVALID; an AbortError if cancelled
 */
export async function runGenerate(
  loaded: LoadedModel,
  request: GenerateRequest,
  context: JobContext,
): Promise<GeneratedVariation[]> {
  const { model } = loaded;
  const { layout, manifest } = model;
  const { imageSize, tokenCount, tokensPerScale } = layout;
  const { startCodes } = request;
  requireStartCodes(startCodes, layout, manifest.codebooks, [rectOfSize(imageSize, imageSize)]);
  await pause(context);
  const image = { side: imageSize, data: new Float32Array(3 * imageSize * imageSize) };
  const { factor = 1 } = request;
  const rect = rectOfSize(imageSize * factor, imageSize * factor);
  const drawnRect = rectOfSize(imageSize, imageSize);
  const kinds = new Uint8Array(tokenCount).fill(TokenKind.code);
  const given = (startCodes?.scales ?? 0) * tokensPerScale;
  const isDrawn = new Uint8Array(tokenCount).fill(1, given);
  const codes = withStartCodes(new Int32Array(tokenCount), { kinds }, layout, startCodes);
  const total = stepsOf(model, isDrawn, request, context);
  let done = 0;
  const pictures = await drawPictures(
    loaded,
    { contexts: [{ image, codes }], isDrawn, kinds },
    request,
    {
      context,
      pacer: paceOf(model, total, request, context),
      onStep: (scale) => context.onProgress({ stage: "drawing", scale, done: ++done, total }),
      onPicture: (scale, drawn, variation) => {
        if (request.previews === false) return;
        const pixels = toScreenPixels(toRaster(drawn), drawnRect, 1);
        context.onPreview(scale, rect, pixels, variation);
      },
    },
  );
  const variations: GeneratedVariation[] = [];
  for (const picture of pictures) {
    const raster = await enlarge(loaded, toRaster(picture.image), request, context);
    variations.push({ raster, codes: picture.codes });
  }
  return variations;
}

async function enlarge(
  loaded: LoadedModel,
  raster: Raster,
  { factor = 1, seed }: GenerateRequest,
  context: JobContext,
): Promise<Raster> {
  if (factor === 1) return raster;
  const request = { factor, creativity: 0, prompt: "", seed, guidance: 1, mayBeSmooth: true };
  return runUpscale(loaded, raster, request, context);
}

function toRaster(image: ModelImage): Raster {
  const samples = modelImageToSamples(image, 3, 255);
  // Uint8ClampedArray clips and rounds; its bytes then become the raster's.
  const clamped = Uint8ClampedArray.from(samples);
  return createRaster(image.side, image.side, 3, 8, new Uint8Array(clamped.buffer));
}
