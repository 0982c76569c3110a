import { chooseModel } from "../choose-model.js";
import type { CommandContext } from "../command-context.js";
import { runJob } from "../run-job.js";
import { saveResult, type SaveOptions } from "../save-result.js";
import { requireTarget } from "../target.js";
import { withEngine } from "../with-engine.js";
import { samplingOf, type DrawingOptions } from "./edit.js";

export interface GenerateOptions extends DrawingOptions, SaveOptions {
  readonly output: string;
}

/** `spectral generate`: a picture from a prompt alone. */
export async function generate(options: GenerateOptions, context: CommandContext): Promise<void> {
  const target = await requireTarget(options.output);
  await withEngine(context, async (engine) => {
    const { modelId, sampling } = await chooseModel(engine.api, options.model, context.modelsDir);
    const { jobId } = await runJob(
      engine,
      {
        kind: "generate",
        modelId,
        prompt: options.prompt,
        negativePrompt: options.negative,
        seed: options.seed,
        ...samplingOf(sampling, options),
      },
      context,
    );
    const { width, height } = await saveResult(engine.api, jobId, target, options);
    context.report({ command: "generate", output: target.path, modelId, width, height }, [
      `${target.path}: ${width} x ${height}`,
    ]);
  });
}
