import { AppError } from "../core/errors.js";
import type { Raster } from "../core/raster.js";
import { rectOfSize, type Rect } from "../core/rect.js";
import { toScreenPixels, type ScreenPixels } from "../core/screen-pixels.js";
import type { DocumentId } from "../shared/ids.js";
import type { EditJob, ExtendJob, GenerateJob, JobRequest, UpscaleJob } from "../shared/jobs.js";
import { runEdit } from "./edit/run-edit.js";
import { NO_METADATA } from "./files/metadata.js";
import type { JobResult, VariationResult } from "./job-result.js";
import { pause, type JobContext } from "./jobs/job-context.js";
import type { DrawnCodes } from "./jobs/drawn-codes.js";
import type { JobOutcome } from "./jobs/job-queue.js";
import type { LoadedModel, LoadedToEnlarge } from "./jobs/prompts.js";
import { runExtend } from "./jobs/run-extend.js";
import { runGenerate } from "./jobs/run-generate.js";
import type { ModelParts } from "./model-parts.js";
import { labelOf, recipeStepOf, withOrigin } from "./recipes.js";
import type { DocumentStore, NewDocument, NewRevision } from "./store/document-store.js";
import { plainBytes } from "./store/plain-bytes.js";
import { upscaleToFile } from "./upscale/upscale-to-file.js";

/** The state of a document that a job works on, taken when it is started. */
export interface JobBase {
  readonly documentId: DocumentId;
  readonly revision: number;
}

/** Longest side of the picture that a finished job shows. */
const SHOWN_SIDE = 1024;

/** Runs a job to its end; nothing is changed until its result is accepted. */
export async function runJob(
  request: JobRequest,
  base: JobBase | null,
  { models, originOf }: Pick<ModelParts, "models" | "originOf">,
  store: DocumentStore,
  context: JobContext,
): Promise<JobOutcome<JobResult>> {
  context.onProgress({ stage: "preparing", scale: null, done: 0, total: 1 });
  await pause(context);
  const { modelId } = request;
  const recorded = async ({ model }: LoadedToEnlarge, work: Promise<JobOutcome<JobResult>>) => {
    const outcome = await work;
    return { ...outcome, result: withOrigin(outcome.result, originOf(model)) };
  };
  if (request.kind === "upscale") {
    return models.useToEnlarge(modelId, context, (loaded) =>
      recorded(loaded, upscale(loaded, request, requireBase(base), store, context)),
    );
  }
  return models.use(modelId, context, (loaded) =>
    recorded(loaded, draw(loaded, request, base, store, context)),
  );
}

function draw(
  loaded: LoadedModel,
  request: EditJob | ExtendJob | GenerateJob,
  base: JobBase | null,
  store: DocumentStore,
  context: JobContext,
): Promise<JobOutcome<JobResult>> {
  switch (request.kind) {
    case "edit":
      return edit(loaded, request, requireBase(base), store, context);
    case "extend":
      return extend(loaded, request, requireBase(base), store, context);
    case "generate":
      return generate(loaded, request, context);
  }
}

function requireBase(base: JobBase | null): JobBase {
  if (base) return base;
  throw new RangeError("edits, extensions and upscales work on a document");
}

async function edit(
  loaded: LoadedModel,
  request: EditJob,
  base: JobBase,
  store: DocumentStore,
  context: JobContext,
): Promise<JobOutcome<JobResult>> {
  const { documentId, revision } = base;
  const original = await store.raster(documentId, revision);
  const { rect, area, variations } = await runEdit(loaded, original, request, context);
  return outcomeOf(
    { kind: "edit", documentId, rect },
    variations.map(({ patch, changedPixels }, index) => ({
      picture: patch,
      changedPixels,
      result: revisionResult(requestOfVariation(request, index), base, { patch, rect }),
    })),
    drawnBy(
      loaded,
      request,
      variations.map(({ codes }) => [codes]),
      [area],
    ),
  );
}

async function extend(
  loaded: LoadedModel,
  request: ExtendJob,
  base: JobBase,
  store: DocumentStore,
  context: JobContext,
): Promise<JobOutcome<JobResult>> {
  const { documentId, revision } = base;
  const original = await store.raster(documentId, revision);
  const { rect, areas, variations } = await runExtend(loaded, original, request, context);
  const newPixels = areaOf(rect) - original.width * original.height;
  return outcomeOf(
    { kind: "extend", documentId, rect },
    variations.map(({ raster }, index) => ({
      picture: raster,
      changedPixels: newPixels,
      result: revisionResult(requestOfVariation(request, index), base, { raster }),
    })),
    drawnBy(
      loaded,
      request,
      variations.map(({ codes }) => codes),
      areas,
    ),
  );
}

async function upscale(
  loaded: LoadedToEnlarge,
  request: UpscaleJob,
  { documentId, revision }: JobBase,
  store: DocumentStore,
  context: JobContext,
): Promise<JobOutcome<JobResult>> {
  const original = await store.raster(documentId, revision);
  const owner = `${documentId}/${revision}`;
  const picture = { raster: original, owner };
  const { file, shown } = await upscaleToFile(loaded, picture, request, store, SHOWN_SIDE, context);
  const rect = rectOfSize(file.width, file.height);
  return {
    shown: { kind: "upscale", documentId, rect, changedPixels: areaOf(rect), ...forScreen(shown) },
    others: [],
    bytes: 0,
    result: {
      variations: [revisionResult(request, { documentId, revision }, { rasterFile: file })],
      drawn: null,
    },
  };
}

async function generate(
  loaded: LoadedModel,
  request: GenerateJob,
  context: JobContext,
): Promise<JobOutcome<JobResult>> {
  const variations = await runGenerate(loaded, request, context);
  const { width = 1, height = 1 } = variations[0]?.raster ?? {};
  const rect = rectOfSize(width, height);
  const { imageSize } = loaded.model.layout;
  return outcomeOf(
    { kind: "generate", documentId: null, rect },
    variations.map(({ raster }, index) => ({
      picture: raster,
      changedPixels: areaOf(rect),
      result: {
        type: "document",
        document: newDocument(requestOfVariation(request, index), raster),
      },
    })),
    drawnBy(
      loaded,
      request,
      variations.map(({ codes }) => [codes]),
      [rectOfSize(imageSize, imageSize)],
    ),
  );
}

/** One variation, to be shown and to be accepted. */
interface FinishedVariation {
  readonly picture: Raster;
  readonly changedPixels: number;
  readonly result: VariationResult;
}

function outcomeOf(
  about: Pick<JobOutcome<JobResult>["shown"], "kind" | "documentId" | "rect">,
  variations: readonly FinishedVariation[],
  drawn: DrawnCodes,
): JobOutcome<JobResult> {
  const [first] = variations;
  if (!first) throw new RangeError("a job makes at least one variation");
  return {
    shown: { ...about, changedPixels: first.changedPixels, ...shownPicture(first.picture) },
    others: variations.slice(1).map(({ picture }) => shownPicture(picture)),
    bytes: variations.reduce((sum, { picture }) => sum + picture.data.byteLength, 0),
    result: { variations: variations.map(({ result }) => result), drawn },
  };
}

/** The request that makes one of a job's variations alone: what is kept with its result. */
function requestOfVariation<Request extends EditJob | GenerateJob | ExtendJob>(
  request: Request,
  index: number,
): Request {
  if (request.variations === undefined) return request;
  return { ...request, variations: 1, firstVariation: (request.firstVariation ?? 0) + index };
}

function drawnBy(
  { model }: LoadedModel,
  { modelId }: JobRequest,
  variations: readonly (readonly Int32Array[])[],
  areas: readonly Rect[],
): DrawnCodes {
  return { modelId, variations, areas, tokensPerScale: model.layout.tokensPerScale };
}

function newDocument(request: GenerateJob, raster: Raster): NewDocument {
  return {
    name: nameFromPrompt(request.prompt),
    format: "none",
    raster,
    metadata: NO_METADATA,
    kind: "generate",
    label: labelOf(request),
    recipe: recipeStepOf(request),
  };
}

/** Files that a result holds and that nobody needs once it is discarded. */
export function filesOfResult({ variations }: JobResult): string[] {
  return variations.flatMap((variation) => {
    if (variation.type !== "revision") return [];
    const { change } = variation.revision;
    return "rasterFile" in change ? [change.rasterFile.path] : [];
  });
}

/** @throws AppError REQUEST_INVALID if the job made fewer variations */
export function variationOf({ variations }: JobResult, index = 0): VariationResult {
  const wanted = variations[index];
  if (wanted) return wanted;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected one of the job's ${variations.length} variations but got number ${index}, counted from 0.`,
    { variation: index },
  );
}

function revisionResult(
  request: EditJob | UpscaleJob | ExtendJob,
  { documentId, revision }: JobBase,
  change: NewRevision["change"],
): VariationResult {
  return {
    type: "revision",
    documentId,
    baseRevision: revision,
    revision: {
      kind: request.kind,
      label: labelOf(request),
      recipe: recipeStepOf(request),
      change,
    },
  };
}

function shownPicture(raster: Raster) {
  const rect = rectOfSize(raster.width, raster.height);
  const factor = Math.max(1, Math.ceil(Math.max(rect.width, rect.height) / SHOWN_SIDE));
  return forScreen(toScreenPixels(raster, rect, factor));
}

function forScreen({ width, height, rgba }: ScreenPixels) {
  return { width, height, rgba: plainBytes(rgba) };
}

function areaOf({ width, height }: Rect): number {
  return width * height;
}

/** A name for a new picture: letters and digits of its prompt, whatever system it is saved on. */
function nameFromPrompt(prompt: string): string {
  const words = prompt.normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-");
  const trimmed = words.replace(/^-+|-+$/g, "").slice(0, 60);
  return trimmed === "" ? "generated" : trimmed;
}
