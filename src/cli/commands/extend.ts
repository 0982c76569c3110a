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
import { openInput, type InputOptions } from "../open-input.js";
import { withEngine } from "../with-engine.js";

export interface ExtendOptions extends DrawingOptions, InputOptions {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** `spectral extend`: draws what lies beyond a picture's border. */
export async function extend(
  input: string,
  options: ExtendOptions,
  context: CommandContext,
): Promise<void> {
  const targets = await requireTargets(options);
  await withEngine(context, async (engine) => {
    const { documentId } = await openInput(engine.api, input, options);
    const model = await chooseModel(engine.api, options.model, context.modelsDir);
    const { modelId } = model;
    const { left, top, right, bottom } = options;
    const request = {
      kind: "extend",
      documentId,
      modelId,
      ...{ left, top, right, bottom },
      ...drawingOf(model, options),
    } as const;
    const finished = await runDrawing(engine, request, options, model, context);
    await saveVariations(engine, finished, targets, options);
    const { width, height } = finished.rect;
    context.report({ command: "extend", ...outputsOf(targets), modelId, width, height }, [
      ...targets.map(({ path }) => `${path}: ${width} x ${height}`),
    ]);
  });
}
