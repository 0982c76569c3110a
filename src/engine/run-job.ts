import type { Raster } from "../core/raster.js";
import { rectOfSize, type Rect } from "../core/rect.js";
import { toScreenPixels } from "../core/screen-pixels.js";
import type { DocumentId } from "../shared/ids.js";
import type { EditJob, GenerateJob, JobRequest, UpscaleJob } from "../shared/jobs.js";
import { notYet } from "../shared/not-yet.js";
import { runEdit } from "./edit/run-edit.js";
import { NO_METADATA } from "./files/metadata.js";
import { pause, whileWanted, type JobContext } from "./jobs/job-context.js";
import type { JobOutcome } from "./jobs/job-queue.js";
import { runGenerate } from "./jobs/run-generate.js";
import { runUpscale } from "./jobs/run-upscale.js";
import type { Models } from "./models.js";
import { labelOf, recipeStepOf } from "./recipes.js";
import type { DocumentStore, NewDocument, NewRevision } from "./store/document-store.js";
import { plainBytes } from "./store/plain-bytes.js";

/** What accepting a job's result does. */
export type JobResult =
  | { readonly type: "document"; readonly document: NewDocument }
  | {
      readonly type: "revision";
      readonly documentId: DocumentId;
      /** The state that the job worked on; the result fits no other. */
      readonly baseRevision: number;
      readonly revision: NewRevision;
    };

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
  models: Models,
  store: DocumentStore,
  context: JobContext,
): Promise<JobOutcome<JobResult>> {
  context.onProgress({ stage: "preparing", scale: null, done: 0, total: 1 });
  await pause(context);
  if (request.kind === "generate") return generate(request, models, context);
  if (request.kind === "extend") return notYet("extend")();
  if (base === null) throw new RangeError("edits and upscales work on a document");
  return request.kind === "edit"
    ? edit(request, base, models, store, context)
    : upscale(request, base, models, store, context);
}

async function edit(
  request: EditJob,
  { documentId, revision }: JobBase,
  models: Models,
  store: DocumentStore,
  context: JobContext,
): Promise<JobOutcome<JobResult>> {
  const original = await store.raster(documentId, revision);
  const loaded = await whileWanted(context, models.load(request.modelId));
  const { rect, patch, changedPixels } = await runEdit(loaded, original, request, context);
  return {
    shown: { kind: "edit", documentId, rect, changedPixels, ...shownPicture(patch) },
    bytes: patch.data.byteLength,
    result: revisionResult(request, { documentId, revision }, { patch, rect }),
  };
}

async function upscale(
  request: UpscaleJob,
  { documentId, revision }: JobBase,
  models: Models,
  store: DocumentStore,
  context: JobContext,
): Promise<JobOutcome<JobResult>> {
  const original = await store.raster(documentId, revision);
  const loaded = await whileWanted(context, models.load(request.modelId));
  const raster = await runUpscale(loaded, original, request, context);
  const rect = rectOfSize(raster.width, raster.height);
  return {
    shown: {
      kind: "upscale",
      documentId,
      rect,
      changedPixels: areaOf(rect),
      ...shownPicture(raster),
    },
    bytes: raster.data.byteLength,
    result: revisionResult(request, { documentId, revision }, { raster }),
  };
}

async function generate(
  request: GenerateJob,
  models: Models,
  context: JobContext,
): Promise<JobOutcome<JobResult>> {
  const loaded = await whileWanted(context, models.load(request.modelId));
  const raster = await runGenerate(loaded, request, context);
  const rect = rectOfSize(raster.width, raster.height);
  const document: NewDocument = {
    name: nameFromPrompt(request.prompt),
    format: "none",
    raster,
    metadata: NO_METADATA,
    kind: "generate",
    label: labelOf(request),
    recipe: recipeStepOf(request),
  };
  return {
    shown: {
      kind: "generate",
      documentId: null,
      rect,
      changedPixels: areaOf(rect),
      ...shownPicture(raster),
    },
    bytes: raster.data.byteLength,
    result: { type: "document", document },
  };
}

function revisionResult(
  request: EditJob | UpscaleJob,
  { documentId, revision }: JobBase,
  change: NewRevision["change"],
): JobResult {
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
  const { width, height, rgba } = toScreenPixels(raster, rect, factor);
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
