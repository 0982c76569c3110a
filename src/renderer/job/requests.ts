import type { Mask } from "../../core/mask/mask.js";
import type { DocumentInfo } from "../../shared/documents.js";
import type { EditJob, ExtendJob, GenerateJob, JobRequest, UpscaleJob } from "../../shared/jobs.js";
import type { InstalledModel, ModelSummary } from "../../shared/models.js";
import { creativityWith } from "./abilities.js";
import type { JobSettings } from "./settings.svelte.js";
import { upscaleTarget } from "./upscale-target.js";

/** What an edit needs besides the settings. */
export interface EditInput {
  readonly document: DocumentInfo;
  readonly model: ModelSummary;
  readonly mask: Mask;
  readonly frozenScales: number;
  readonly feather: number;
  readonly mode: "redraw" | "remove";
}

/** One complete, plain request; taking it decides the seed. */
export function editRequest(settings: JobSettings, input: EditInput): EditJob {
  const isRedraw = input.mode === "redraw";
  return {
    kind: "edit",
    documentId: input.document.documentId,
    modelId: input.model.modelId,
    mask: input.mask,
    // Kept means would be those of the very thing that is to go.
    frozenScales: isRedraw ? input.frozenScales : 0,
    prompt: isRedraw ? settings.prompt.trim() : "",
    negativePrompt: isRedraw ? settings.negativePrompt.trim() : "",
    ...drawing(settings),
    feather: input.feather,
    ...(isRedraw && settings.strength < 1 ? { strength: settings.strength } : {}),
    ...(isRedraw ? {} : { mode: "remove" as const }),
  };
}

export function extendRequest(
  settings: JobSettings,
  document: DocumentInfo,
  model: ModelSummary,
): ExtendJob {
  return {
    kind: "extend",
    documentId: document.documentId,
    modelId: model.modelId,
    ...settings.margins,
    prompt: settings.extendPrompt.trim(),
    negativePrompt: settings.negativePrompt.trim(),
    ...drawing(settings),
  };
}

export function upscaleRequest(
  settings: JobSettings,
  document: DocumentInfo,
  model: InstalledModel,
): UpscaleJob {
  return {
    ...upscaleFields(settings, document, model),
    seed: settings.takeSeed(),
  };
}

/** The request of a preview: it takes no new seed, so that moving about shows the same drawing. */
export function upscalePreviewRequest(
  settings: JobSettings,
  document: DocumentInfo,
  model: InstalledModel,
): UpscaleJob {
  return { ...upscaleFields(settings, document, model), seed: settings.seed };
}

function upscaleFields(settings: JobSettings, document: DocumentInfo, model: InstalledModel) {
  const { targetSize, speed, guidance } = settings;
  return {
    kind: "upscale" as const,
    documentId: document.documentId,
    modelId: model.modelId,
    factor: upscaleTarget(document, settings, model).factor,
    ...(targetSize === null ? {} : { size: targetSize }),
    ...(speed === "best" ? {} : { speed }),
    creativity: creativityWith(settings, model),
    prompt: settings.prompt.trim(),
    guidance,
  };
}

export function generateRequest(settings: JobSettings, model: ModelSummary): GenerateJob {
  const { generateFactor } = settings;
  return {
    kind: "generate",
    modelId: model.modelId,
    prompt: settings.generatePrompt.trim(),
    negativePrompt: settings.negativePrompt.trim(),
    ...drawing(settings),
    ...(generateFactor === 1 ? {} : { factor: generateFactor }),
  };
}

/**
 * The same again with another seed and, if given, on top of what a finished variation has: its
 * scales 0..scales-1 stay and only finer ones are drawn.
 */
export function againRequest(
  request: JobRequest,
  settings: JobSettings,
  startFrom?: NonNullable<EditJob["startFrom"]>,
): JobRequest {
  const seed = settings.takeSeed();
  if (request.kind === "upscale") return { ...request, seed };
  const { variations } = settings;
  return { ...request, seed, variations, ...(startFrom === undefined ? {} : { startFrom }) };
}

function drawing(settings: JobSettings) {
  const { guidance, temperature, topK, topP, scaleSampling, variations } = settings;
  const isAnyScaleOther = scaleSampling.some((scale) => scale !== null);
  return {
    seed: settings.takeSeed(),
    guidance,
    temperature,
    topK,
    topP,
    ...(isAnyScaleOther ? { scaleSampling } : {}),
    ...(variations > 1 ? { variations } : {}),
  };
}
