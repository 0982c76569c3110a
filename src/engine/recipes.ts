import type { StoredEntry } from "./store/document-file.js";
import type { EditJob, ExtendJob, GenerateJob, JobRequest, UpscaleJob } from "../shared/jobs.js";
import type { Recipe, RecipeStep } from "./files/recipe.js";

/** What a job leaves in the history and in exported files: everything but pixels. */
export function recipeStepOf(request: JobRequest): RecipeStep {
  return {
    kind: request.kind,
    model: request.modelId,
    seed: request.seed,
    prompt: request.prompt,
    settings: settingsOf(request),
  };
}

/** The label of a job's revision in the history. */
export function labelOf(request: JobRequest): string {
  const prompt = request.prompt.trim().slice(0, 80);
  switch (request.kind) {
    case "edit":
      return prompt === "" ? "Edit" : `Edit: ${prompt}`;
    case "upscale":
      return `Upscale ${request.factor}x`;
    case "generate":
      return prompt === "" ? "Generate" : `Generate: ${prompt}`;
    case "extend":
      return prompt === "" ? "Extend" : `Extend: ${prompt}`;
  }
}

/** The steps of the shown states, or null if nothing was generated. */
export function recipeOf(entries: readonly StoredEntry[]): Recipe | null {
  const steps = entries.flatMap(({ recipe }) => (recipe ? [recipe] : []));
  return steps.length === 0 ? null : { software: "Spectral Studio", steps };
}

function settingsOf(request: JobRequest): Record<string, number | string> {
  switch (request.kind) {
    case "edit":
      return {
        ...drawingSettings(request),
        frozenScales: request.frozenScales,
        feather: request.feather,
      };
    case "generate":
      return drawingSettings(request);
    case "extend": {
      const { left, top, right, bottom } = request;
      return { ...drawingSettings(request), left, top, right, bottom };
    }
    case "upscale":
      return upscaleSettings(request);
  }
}

function drawingSettings(
  request: EditJob | GenerateJob | ExtendJob,
): Record<string, number | string> {
  const { negativePrompt, guidance, temperature, topK, topP } = request;
  return { negativePrompt, guidance, temperature, topK, topP };
}

function upscaleSettings({ factor, creativity, guidance }: UpscaleJob): Record<string, number> {
  return { factor, creativity, guidance };
}
