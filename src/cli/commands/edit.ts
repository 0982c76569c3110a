import { readFileBytes, readMask } from "../../engine/index.js";
import type { Sampling } from "../../shared/models.js";
import { chooseModel } from "../choose-model.js";
import type { CommandContext } from "../command-context.js";
import { openInput, type InputOptions } from "../open-input.js";
import { runJob } from "../run-job.js";
import { saveResult, type SaveOptions } from "../save-result.js";
import { requireTarget } from "../target.js";
import { withEngine } from "../with-engine.js";

/** What steers drawing; what is left out is the model's own. */
export interface DrawingOptions extends Partial<Sampling> {
  readonly model?: string;
  readonly prompt: string;
  readonly negative: string;
  readonly seed: number;
}

export interface EditOptions extends DrawingOptions, InputOptions, SaveOptions {
  readonly output: string;
  readonly mask: string;
  readonly freeze?: number;
  readonly feather: number;
}

const DEFAULT_FROZEN_SCALES = 2;

/** The sampling of a request: the model's defaults under what was asked for. */
export function samplingOf(defaults: Sampling, options: DrawingOptions): Sampling {
  return {
    temperature: options.temperature ?? defaults.temperature,
    topK: options.topK ?? defaults.topK,
    topP: options.topP ?? defaults.topP,
    guidance: options.guidance ?? defaults.guidance,
  };
}

/** `spectral edit`: redraws the masked part of a picture. */
export async function edit(
  input: string,
  options: EditOptions,
  context: CommandContext,
): Promise<void> {
  const target = await requireTarget(options.output);
  await withEngine(context, async (engine) => {
    const { api } = engine;
    const { documentId, width, height } = await openInput(api, input, options);
    const maskBytes = await readFileBytes(options.mask);
    const mask = await readMask(maskBytes, options.mask, width, height);
    const { modelId, sampling, layout } = await chooseModel(api, options.model, context.modelsDir);
    const { jobId, changedPixels, rect } = await runJob(
      engine,
      {
        kind: "edit",
        documentId,
        modelId,
        mask,
        frozenScales: options.freeze ?? Math.min(DEFAULT_FROZEN_SCALES, layout.scales - 1),
        prompt: options.prompt,
        negativePrompt: options.negative,
        seed: options.seed,
        ...samplingOf(sampling, options),
        feather: options.feather,
      },
      context,
    );
    await saveResult(api, jobId, target, options);
    context.report({ command: "edit", output: target.path, modelId, changedPixels, rect }, [
      `${target.path}: ${changedPixels} pixels changed`,
    ]);
  });
}
