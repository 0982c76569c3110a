import type { ModelImage } from "../../core/model-image.js";
import { drawVariations } from "../ar/draw-tokens.js";
import type { TextPrefix } from "../ar/text-prefix.js";
import type { Model } from "../bundle/model.js";
import { pause, type JobContext } from "../jobs/job-context.js";
import { readSteering, type LoadedModel, type Steering } from "../jobs/prompts.js";
import { createRandom } from "../sampling/random.js";
import {
  settingsByScale,
  type JobSampling,
  type ScaleSettings,
} from "../sampling/scale-settings.js";
import { MAX_VARIATIONS } from "../../shared/limits.js";
import { BatchFilm } from "./batch-film.js";
import { batchSize } from "./batch-size.js";
import type { DrawnContext, PicturePlan } from "./picture-plan.js";
import { PreviewCosts, PreviewPacer } from "./preview-pacer.js";

/** What decides the tokens that a job draws. */
export interface DrawRequest extends JobSampling, Steering {
  readonly seed: number;
  readonly variations?: number | undefined;
  readonly firstVariation?: number | undefined;
  readonly previews?: boolean | undefined;
}

/** One finished variation. */
export interface DrawnPicture {
  readonly image: ModelImage;
  readonly codes: Int32Array;
}

/** Who watches, and what it may cost. */
export interface DrawSurroundings {
  readonly context: JobContext;
  readonly pacer: PreviewPacer;
  /** Called with each preview, and with each finished picture. */
  readonly onPicture: (scale: number, image: ModelImage, variation: number) => void;
  /** Called after each step with the scale it belongs to; a step draws one token of a batch. */
  readonly onStep: (scale: number) => void;
}

/** What previews cost, by the model that makes them. */
const previewCosts = new WeakMap<Model, PreviewCosts>();

/** Paces the previews of a job that takes so many steps; see {@link stepsOf}. */
export function paceOf(
  model: Model,
  totalSteps: number,
  request: DrawRequest,
  { clock, startedAtMs, maxBatch }: JobContext,
): PreviewPacer {
  const { previews: isWanted } = request;
  const pictures = variationCount(request);
  const batch = batchSize(model, pictures, maxBatch);
  const costs = previewCosts.get(model) ?? new PreviewCosts();
  previewCosts.set(model, costs);
  return new PreviewPacer({ clock, startedAtMs, isWanted, totalSteps, costs, batch, pictures });
}

/** Number of variations that a request asks for. */
export function variationCount({ variations = 1 }: DrawRequest): number {
  return variations;
}

/** Steps that a plan takes: tokens to draw, times batches of variations. */
export function stepsOf(
  model: Model,
  isDrawn: Uint8Array,
  request: DrawRequest,
  context: JobContext,
): number {
  const count = variationCount(request);
  const batches = Math.ceil(count / batchSize(model, count, context.maxBatch));
  return batches * isDrawn.reduce((sum, value) => sum + value, 0);
}

/** Draws the variations of a picture and decodes them; see {@link drawVariations}. */
export async function drawPictures(
  loaded: LoadedModel,
  plan: PicturePlan,
  request: DrawRequest,
  surroundings: DrawSurroundings,
): Promise<DrawnPicture[]> {
  const { model } = loaded;
  const { context } = surroundings;
  const settings = settingsByScale(request, model.layout.scaleCount);
  const guided = settings.find(({ guidance }) => guidance !== 1);
  const prefix = await readSteering(loaded, { ...request, guidance: guided?.guidance ?? 1 });
  const count = variationCount(request);
  const size = batchSize(model, count, context.maxBatch);
  const pictures: DrawnPicture[] = [];
  for (let first = 0; first < count; first += size) {
    const batch: Batch = {
      first,
      count: Math.min(size, count - first),
      contexts:
        plan.contexts.length === 1 ? plan.contexts : plan.contexts.slice(first, first + size),
    };
    pictures.push(
      ...(await drawBatch(model, prefix, plan, { request, settings, batch }, surroundings)),
    );
  }
  return pictures;
}

/** Variations that are drawn together. */
interface Batch {
  /** Index of the first among the request's variations. */
  readonly first: number;
  readonly count: number;
  readonly contexts: readonly DrawnContext[];
}

interface BatchRequest {
  readonly request: DrawRequest;
  readonly settings: readonly ScaleSettings[];
  readonly batch: Batch;
}

async function drawBatch(
  model: Model,
  prefix: TextPrefix,
  plan: PicturePlan,
  { request, settings, batch }: BatchRequest,
  { context, pacer, onPicture, onStep }: DrawSurroundings,
): Promise<DrawnPicture[]> {
  const { tokensPerScale } = model.layout;
  const { firstVariation = 0, seed } = request;
  const shared = batch.contexts.length === 1 ? batch.contexts[0] : undefined;
  const known = Array.from({ length: batch.count }, (_, v) => contextAt(batch.contexts, v));
  const film = new BatchFilm(model, plan, known, {
    pacer,
    pause: () => pause(context),
    onPicture: (scale, image, variation) => onPicture(scale, image, batch.first + variation),
  });
  const stream = (variation: number) =>
    (plan.index ?? 0) * MAX_VARIATIONS + firstVariation + batch.first + variation;
  const codes = await drawVariations(
    model,
    prefix,
    {
      isDrawn: plan.isDrawn,
      codes: shared?.codes ?? known.map((own) => own.codes),
      randoms: Array.from({ length: batch.count }, (_, v) => createRandom(seed, stream(v))),
    },
    settings,
    {
      pause: async () => {
        await pause(context);
        await film.betweenSteps();
      },
      onToken: (token, drawn) => {
        onStep(Math.floor(token / tokensPerScale));
        film.tokenDrawn(token, drawn);
      },
      onScale: (scale) => film.scaleDrawn(scale),
    },
  );
  const pictures: DrawnPicture[] = [];
  for (const [variation, own] of codes.entries()) {
    pictures.push({ image: await film.finish(own, variation), codes: own });
  }
  return pictures;
}

function contextAt(contexts: readonly DrawnContext[], variation: number): DrawnContext {
  const own = contexts.length === 1 ? contexts[0] : contexts[variation];
  if (own) return own;
  throw new RangeError("a context for each variation is needed");
}
