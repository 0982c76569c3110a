import type { JobRequest } from "../shared/jobs.js";
import type { Raster } from "../core/raster.js";
import { fingerprintOf, type Fingerprint } from "./files/fingerprint.js";
import type { Recipe, RecipeStep } from "./files/recipe.js";
import { recordRequest } from "./files/recorded-request.js";
import type { JobResult, VariationResult } from "./job-result.js";

/** What a job leaves in the history and in exported files: its whole request. */
export function recipeStepOf(request: JobRequest): RecipeStep {
  return { request: recordRequest(request), madeBy: null };
}

/** A job's result whose records say what it was computed by. */
export function withOrigin(result: JobResult, madeBy: RecipeStep["madeBy"]): JobResult {
  return { ...result, variations: result.variations.map((one) => stamp(one, madeBy)) };
}

function stamp(result: VariationResult, madeBy: RecipeStep["madeBy"]): VariationResult {
  if (result.type === "revision") {
    const { revision } = result;
    return { ...result, revision: { ...revision, recipe: { ...revision.recipe, madeBy } } };
  }
  const { document } = result;
  const recipe = document.recipe && { ...document.recipe, madeBy };
  return { ...result, document: { ...document, recipe } };
}

/** The label of a job's revision in the history. */
export function labelOf(request: JobRequest): string {
  const prompt = request.prompt.trim().slice(0, 80);
  switch (request.kind) {
    case "edit":
      return prompt === "" ? "Edit" : `Edit: ${prompt}`;
    case "upscale":
      return request.size
        ? `Upscale to ${request.size.width} x ${request.size.height}`
        : `Upscale ${request.factor}x`;
    case "generate":
      return prompt === "" ? "Generate" : `Generate: ${prompt}`;
    case "extend":
      return prompt === "" ? "Extend" : `Extend: ${prompt}`;
  }
}

/**
 * What made a picture, or null if nothing was generated.
 * @param source the picture before the first step; null if that made a new one
 */
export function recipeOf(
  steps: readonly RecipeStep[],
  source: Fingerprint | null,
  result: Raster,
): Recipe | null {
  return steps.length === 0 ? null : recipe(steps, source, fingerprintOf(result));
}

/** What made a file from another one by a single job. */
export function recipeOfFile(
  request: JobRequest,
  madeBy: RecipeStep["madeBy"],
  source: Fingerprint,
  result: Fingerprint,
): Recipe {
  return recipe([{ ...recipeStepOf(request), madeBy }], source, result);
}

function recipe(
  steps: readonly RecipeStep[],
  source: Fingerprint | null,
  result: Fingerprint,
): Recipe {
  return {
    format: "spectral-recipe",
    version: 1,
    software: "Spectral Studio",
    source,
    result,
    steps,
  };
}
