import { AppError } from "../../core/errors.js";
import type { Raster } from "../../core/raster.js";
import type { UpscaleJob } from "../../shared/jobs.js";
import {
  creativePredictor,
  faithfulPredictor,
  largestFactor,
  type DetailPredictor,
} from "../upscale/detail-predictor.js";
import { upscaleRaster } from "../upscale/upscale-raster.js";
import { pause, type JobContext } from "./job-context.js";
import { readSteering, type LoadedModel } from "./prompts.js";

/** What an upscale needs of its request. */
export type UpscaleRequest = Omit<UpscaleJob, "kind" | "documentId" | "modelId">;

/**
 * Enlarges a picture (design: upscale): details predicted by the masked suffix or, with creativity,
 * partly drawn by the prompt; each block of the result averages to the picture's pixel.
 */
export async function runUpscale(
  loaded: LoadedModel,
  raster: Raster,
  request: UpscaleRequest,
  context: JobContext,
): Promise<Raster> {
  const { layout, manifest } = loaded.model;
  if (request.factor > largestFactor(layout)) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a factor of at most ${largestFactor(layout)} for the model ${manifest.id} but got ${request.factor}.`,
      { factor: request.factor },
    );
  }
  await pause(context);
  const predictors = {
    colour: await choosePredictor(loaded, request, context),
    alpha: faithfulPredictor(loaded.model, request.factor),
  };
  return upscaleRaster(raster, predictors, layout.imageSize, {
    pause: () => pause(context),
    onTiles: (done, total) => {
      context.onProgress({ stage: "upscaling", scale: null, done, total });
    },
  });
}

async function choosePredictor(
  loaded: LoadedModel,
  { factor, creativity, prompt, guidance, seed }: UpscaleRequest,
  context: JobContext,
): Promise<DetailPredictor> {
  const { model } = loaded;
  if (creativity === 0) return faithfulPredictor(model, factor);
  const { temperature, topK, topP } = model.manifest.sampling;
  return creativePredictor(model, factor, {
    creativity,
    prefix: await readSteering(loaded, { prompt, negativePrompt: "", guidance }),
    guidance,
    temperature,
    topK,
    topP,
    seed,
    pause: () => pause(context),
  });
}
