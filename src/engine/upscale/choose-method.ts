import { AppError } from "../../core/errors.js";
import type { BitDepth } from "../../core/raster.js";
import type { UpscaleSpeed } from "../../shared/models.js";
import type { UpscaleJob } from "../../shared/jobs.js";
import { pause, type JobContext } from "../jobs/job-context.js";
import {
  readSteering,
  type LoadedEnlarger,
  type LoadedModel,
  type LoadedToEnlarge,
} from "../jobs/prompts.js";
import { AveragedEnlarger } from "./averaged-enlarger.js";
import {
  drawnPredictor,
  faithfulPredictor,
  mixedPredictor,
  smoothPredictor,
  type DetailPredictor,
} from "./detail-predictor.js";
import type { EnlargingNetwork } from "../bundle/enlarger.js";
import type { EnlargingModel } from "../bundle/enlarging-model.js";
import { factorsOf, predictsDetails } from "../bundle/abilities.js";
import { cellPixels, largestFactor } from "./known-scales.js";
import type { UpscaleMethod } from "./upscale-window.js";

/** What an upscale needs of its request; the document is already looked up. */
export type UpscaleRequest = Omit<UpscaleJob, "kind" | "documentId" | "modelId"> & {
  /** For enlargements that are a part of another job, which must not fail for want of detail. */
  readonly mayBeSmooth?: boolean;
};

/**
 * Chooses what predicts the details.
 *
 * [Note: creativity] Faithful details come from the bundle's network for the factor or, where it has
 * none, from the decoder with masked scales: both give about the mean of what could be there. Drawn
 * details come from tokens. With creativity c a block's prediction is (1 - c) times the faithful one
 * plus c times the drawn one, *before* it is rounded to the block's sum: every pixel moves on a
 * straight line from one to the other, so that more is never less, and every picture on the way is as
 * consistent as its ends.
 * @param factor 2, 4 or 8, which the request's size needs
 * @param depth of the picture: one of 8 bits may be enlarged by a network in 8 bits
 * @throws AppError REQUEST_INVALID if the model has no network for the factor and too few scales, or
 * was not trained to predict detail, or only enlarges and is asked to draw
 */
export async function chooseMethod(
  loaded: LoadedToEnlarge,
  request: UpscaleRequest,
  factor: number,
  context: JobContext,
  depth: BitDepth = 16,
): Promise<UpscaleMethod> {
  if (loaded.prompts === null) return networkAlone(loaded, request, factor, depth);
  const { model } = loaded;
  const { layout } = model;
  const { creativity, speed = "best" } = request;
  const enlarger = enlargerOf(model, factor, speed, depth);
  const isDrawn = creativity > 0;
  const predicts = predictsDetails(model.manifest);
  const isSmooth = enlarger === null && !predicts;
  if (isSmooth && !isDrawn && request.mayBeSmooth !== true) throw cannotEnlarge(loaded);
  if (isDrawn || (enlarger === null && predicts)) requireScales(loaded, factor);
  const drawn = isDrawn ? await drawnDetails(loaded, request, factor, context) : null;
  const method = {
    factor,
    imageSize: layout.imageSize,
    alignment: cellPixels(layout, factor) ?? undefined,
    share: creativity,
  };
  // With nothing but what is drawn a network has nothing to add to colours, but still makes alpha.
  if (enlarger !== null) return { ...method, enlarger, colour: drawn, alpha: null };
  const faithful = predicts ? faithfulPredictor(model, factor) : smoothPredictor(factor);
  const colour = drawn === null ? faithful : mixedPredictor(faithful, drawn, creativity);
  return { ...method, enlarger, colour, alpha: faithful };
}

function enlargerOf(
  model: EnlargingModel,
  factor: number,
  speed: UpscaleSpeed,
  depth: BitDepth,
): EnlargingNetwork | null {
  const enlarger = model.enlarger(factor, speed, depth);
  return enlarger !== null && speed === "finest" ? new AveragedEnlarger(enlarger) : enlarger;
}

/** Of a model that only enlarges. @throws AppError REQUEST_INVALID */
function networkAlone(
  { model }: LoadedEnlarger,
  { creativity, speed = "best" }: UpscaleRequest,
  factor: number,
  depth: BitDepth,
): UpscaleMethod {
  const { id } = model.manifest;
  if (creativity > 0) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected creativity 0 for the model ${id}, which only enlarges, but got ${creativity}; set it to 0, or choose a model that draws.`,
      { model: id, creativity },
    );
  }
  const enlarger = enlargerOf(model, factor, speed, depth);
  if (enlarger === null) {
    const known = factorsOf(model.manifest).join(", ");
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a factor that the model ${id} has a network for (${known}) but the size needs ${factor}; choose another factor or size, or another model.`,
      { model: id, factor },
    );
  }
  // There are no predictors, and so no pictures of theirs.
  const noPredictors = { imageSize: 0, alignment: undefined, colour: null, alpha: null, share: 0 };
  return { factor, enlarger, ...noPredictors };
}

async function drawnDetails(
  loaded: LoadedModel,
  { prompt, guidance, seed }: UpscaleRequest,
  factor: number,
  context: JobContext,
): Promise<DetailPredictor> {
  const { temperature, topK, topP } = loaded.model.manifest.sampling;
  return drawnPredictor(loaded.model, factor, {
    prefix: await readSteering(loaded, { prompt, negativePrompt: "", guidance }),
    guidance,
    temperature,
    topK,
    topP,
    seed,
    pause: () => pause(context),
  });
}

function requireScales({ model }: Pick<LoadedModel, "model">, factor: number): void {
  const largest = largestFactor(model.layout);
  if (factor <= largest) return;
  if (largest === 1) throw cannotEnlarge({ model });
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a factor of at most ${largest} for the model ${model.manifest.id} but got ${factor}.`,
    { factor },
  );
}

function cannotEnlarge({ model }: Pick<LoadedModel, "model">): AppError {
  const { id, layout } = model.manifest;
  const [reason, advice] =
    layout.levels === 0
      ? ["it has one scale only, the picture itself", "choose another model"]
      : ["it predicts no detail by itself", "choose another model, or raise the creativity"];
  return new AppError(
    "REQUEST_INVALID",
    `Expected a model that was trained to enlarge but ${id} was not: ${reason}; ${advice}.`,
    { model: id },
  );
}
