import { modelImageToSamples, type ModelImage } from "../../core/model-image.js";
import { createRaster, type Raster } from "../../core/raster.js";
import { rectOfSize } from "../../core/rect.js";
import { toScreenPixels } from "../../core/screen-pixels.js";
import type { GenerateJob } from "../../shared/jobs.js";
import { drawTokens } from "../ar/draw-tokens.js";
import { TokenKind } from "../bundle/model.js";
import { createRandom } from "../sampling/random.js";
import { pause, type JobContext } from "./job-context.js";
import { readSteering, type LoadedModel } from "./prompts.js";

/** Draws a picture of the model's size from text alone: 8-bit RGB. */
export async function runGenerate(
  loaded: LoadedModel,
  request: Omit<GenerateJob, "kind" | "modelId">,
  context: JobContext,
): Promise<Raster> {
  const { model } = loaded;
  const { imageSize, tokenCount, tokensPerScale } = model.layout;
  await pause(context);
  const prefix = await readSteering(loaded, request);
  const blank = { side: imageSize, data: new Float32Array(3 * imageSize * imageSize) };
  const rect = rectOfSize(imageSize, imageSize);
  let done = 0;
  let raster = toRaster(blank);
  await drawTokens(
    model,
    prefix,
    {
      codes: new Int32Array(tokenCount),
      isDrawn: new Uint8Array(tokenCount).fill(1),
    },
    {
      ...request,
      random: createRandom(request.seed),
      pause: () => pause(context),
      onToken: (scale) => {
        context.onProgress({ stage: "drawing", scale, done: ++done, total: tokenCount });
      },
      onScale: async (scale, codes) => {
        await pause(context);
        const known = (scale + 1) * tokensPerScale;
        const kinds = new Uint8Array(tokenCount).fill(TokenKind.code, 0, known);
        raster = toRaster(await model.decode({ image: blank, codes, kinds }));
        context.onPreview(scale, rect, toScreenPixels(raster, rect, 1));
      },
    },
  );
  return raster;
}

function toRaster(image: ModelImage): Raster {
  const samples = modelImageToSamples(image, 3, 255);
  // Uint8ClampedArray clips and rounds; its bytes then become the raster's.
  const clamped = Uint8ClampedArray.from(samples);
  return createRaster(image.side, image.side, 3, 8, new Uint8Array(clamped.buffer));
}
