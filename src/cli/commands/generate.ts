import type { GenerateJob } from "../../shared/jobs.js";
import { chooseModel } from "../choose-model.js";
import type { CommandContext } from "../command-context.js";
import {
  drawingOf,
  outputsOf,
  requireTargets,
  runDrawing,
  saveVariations,
  type DrawingOptions,
} from "../draw.js";
import { withEngine } from "../with-engine.js";

export interface GenerateOptions extends DrawingOptions {
  readonly factor: NonNullable<GenerateJob["factor"]>;
}

/** `spectral generate`: a picture from a prompt alone. */
export async function generate(options: GenerateOptions, context: CommandContext): Promise<void> {
  const targets = await requireTargets(options);
  await withEngine(context, async (engine) => {
    const model = await chooseModel(engine.api, options.model, context.modelsDir);
    const { modelId } = model;
    const { factor } = options;
    const request = {
      kind: "generate",
      modelId,
      ...drawingOf(model, options),
      ...(factor > 1 && { factor }),
    } as const;
    const finished = await runDrawing(engine, request, options, model, context);
    await saveVariations(engine, finished, targets, options);
    const { width, height } = finished.rect;
    context.report({ command: "generate", ...outputsOf(targets), modelId, width, height }, [
      ...targets.map(({ path }) => `${path}: ${width} x ${height}`),
    ]);
  });
}
