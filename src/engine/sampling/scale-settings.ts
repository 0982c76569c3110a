import { AppError } from "../../core/errors.js";
import type { Sampling, ScaleSampling } from "../../shared/models.js";
import type { DrawSettings } from "./draw.js";

/** How the tokens of one scale are drawn. */
export interface ScaleSettings extends DrawSettings {
  /** Weight of the prompt; 1 is the prompt alone. */
  readonly guidance: number;
}

/** A job's sampling; `null` or a missing field of a scale means: as in the rest of the job. */
export interface JobSampling extends Sampling {
  readonly scaleSampling?: readonly (ScaleSampling | null)[] | undefined;
}

/**
 * The settings of each of a model's scales, coarse to fine.
 * @throws AppError REQUEST_INVALID if the request names more scales than the model has
 */
export function settingsByScale(sampling: JobSampling, scaleCount: number): ScaleSettings[] {
  const { temperature, topK, topP, guidance, scaleSampling = [] } = sampling;
  if (scaleSampling.length > scaleCount) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected settings for at most ${scaleCount} scales, which is all that this model has, but got ${scaleSampling.length}.`,
      { scaleCount },
    );
  }
  return Array.from({ length: scaleCount }, (_, scale) => {
    const own = scaleSampling[scale];
    return {
      temperature: own?.temperature ?? temperature,
      topK: own?.topK ?? topK,
      topP: own?.topP ?? topP,
      guidance: own?.guidance ?? guidance,
    };
  });
}
