import type { Mask } from "../../core/mask/mask.js";
import type { DocumentInfo } from "../../shared/documents.js";
import type { EditJob, GenerateJob, UpscaleJob } from "../../shared/jobs.js";
import { MAX_PIXELS, MAX_SIDE_PX } from "../../shared/limits.js";
import type { ModelSummary } from "../../shared/models.js";
import type { Size } from "../view/geometry.js";
import type { JobSettings } from "./settings.svelte.js";

/** What an edit needs besides the settings. */
export interface EditInput {
  readonly document: DocumentInfo;
  readonly model: ModelSummary;
  readonly mask: Mask;
  readonly frozenScales: number;
  readonly feather: number;
}

/** One complete, plain request; taking it decides the seed. */
export function editRequest(settings: JobSettings, input: EditInput): EditJob {
  const { guidance, temperature, topK, topP } = settings;
  return {
    kind: "edit",
    documentId: input.document.documentId,
    modelId: input.model.modelId,
    mask: input.mask,
    frozenScales: input.frozenScales,
    prompt: settings.prompt.trim(),
    negativePrompt: settings.negativePrompt.trim(),
    seed: settings.takeSeed(),
    guidance,
    temperature,
    topK,
    topP,
    feather: input.feather,
  };
}

export function upscaleRequest(
  settings: JobSettings,
  document: DocumentInfo,
  model: ModelSummary,
): UpscaleJob {
  return {
    kind: "upscale",
    documentId: document.documentId,
    modelId: model.modelId,
    factor: settings.factor,
    creativity: settings.creativity,
    prompt: settings.prompt.trim(),
    seed: settings.takeSeed(),
    guidance: settings.guidance,
  };
}

export function generateRequest(settings: JobSettings, model: ModelSummary): GenerateJob {
  const { guidance, temperature, topK, topP } = settings;
  return {
    kind: "generate",
    modelId: model.modelId,
    prompt: settings.generatePrompt.trim(),
    negativePrompt: "",
    seed: settings.takeSeed(),
    guidance,
    temperature,
    topK,
    topP,
  };
}

/** The size after an upscale, and whether that is within the limits of a document. */
export function upscaledSize(size: Size, factor: number): Size & { readonly isAllowed: boolean } {
  const width = size.width * factor;
  const height = size.height * factor;
  const isAllowed = Math.max(width, height) <= MAX_SIDE_PX && width * height <= MAX_PIXELS;
  return { width, height, isAllowed };
}
