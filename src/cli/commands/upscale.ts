import { chooseModel } from "../choose-model.js";
import type { CommandContext } from "../command-context.js";
import { openInput, type InputOptions } from "../open-input.js";
import { runJob } from "../run-job.js";
import { saveResult, type SaveOptions } from "../save-result.js";
import { requireTarget } from "../target.js";
import { withEngine } from "../with-engine.js";

export interface UpscaleOptions extends InputOptions, SaveOptions {
  readonly output: string;
  readonly scale: 2 | 4 | 8;
  readonly creativity: number;
  readonly model?: string;
  readonly prompt: string;
  readonly seed: number;
  readonly guidance?: number;
}

/** `spectral upscale`: enlarges a picture; every block of the result averages to the source pixel. */
export async function upscale(
  input: string,
  options: UpscaleOptions,
  context: CommandContext,
): Promise<void> {
  const target = await requireTarget(options.output);
  await withEngine(context, async (engine) => {
    const { documentId } = await openInput(engine.api, input, options);
    const { modelId, sampling } = await chooseModel(engine.api, options.model, context.modelsDir);
    const { jobId } = await runJob(
      engine,
      {
        kind: "upscale",
        documentId,
        modelId,
        factor: options.scale,
        creativity: options.creativity,
        prompt: options.prompt,
        seed: options.seed,
        guidance: options.guidance ?? sampling.guidance,
      },
      context,
    );
    const { width, height } = await saveResult(engine.api, jobId, target, options);
    context.report({ command: "upscale", output: target.path, modelId, width, height }, [
      `${target.path}: ${width} x ${height}`,
    ]);
  });
}
