import { AppError } from "../../core/errors.js";
import { suggestedFeather } from "../../core/mask/feather.js";
import { readFileBytes, readMask } from "../../engine/index.js";
import type { ModelSummary } from "../../shared/models.js";
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

export interface EditOptions extends DrawingOptions, InputOptions {
  readonly mask: string;
  readonly freeze?: number;
  readonly feather?: number;
  readonly strength?: number;
  readonly remove?: boolean;
}

const DEFAULT_FROZEN_SCALES = 2;

/** `spectral edit`: redraws the masked part of a picture. */
export async function edit(
  input: string,
  options: EditOptions,
  context: CommandContext,
): Promise<void> {
  requireOneWish(options);
  const targets = await requireTargets(options);
  await withEngine(context, async (engine) => {
    const { api } = engine;
    const { documentId, width, height } = await openInput(api, input, options);
    const maskBytes = await readFileBytes(options.mask);
    const mask = await readMask(maskBytes, options.mask, width, height);
    const model = await chooseModel(api, options.model, context.modelsDir);
    const { modelId } = model;
    const request = {
      kind: "edit",
      documentId,
      modelId,
      mask,
      frozenScales: options.freeze ?? defaultFrozenScales(model, options),
      ...drawingOf(model, options),
      feather: options.feather ?? suggestedFeather(mask.rect),
      ...(options.strength !== undefined && { strength: options.strength }),
      ...(options.remove === true && { mode: "remove" as const }),
    } as const;
    const finished = await runDrawing(engine, request, options, model, context);
    await saveVariations(engine, finished, targets, options);
    const { changedPixels, rect } = finished;
    context.report({ command: "edit", ...outputsOf(targets), modelId, changedPixels, rect }, [
      ...targets.map(({ path }) =>
        targets.length > 1 ? path : `${path}: ${changedPixels} pixels changed`,
      ),
    ]);
  });
}

/** Kept means would be those of the very thing that is to be removed. */
function defaultFrozenScales({ layout }: ModelSummary, { remove }: EditOptions): number {
  return remove === true ? 0 : Math.min(DEFAULT_FROZEN_SCALES, layout.scales - 1);
}

function requireOneWish({ remove, prompt }: EditOptions): void {
  if (remove !== true || prompt === "") return;
  throw new AppError(
    "REQUEST_INVALID",
    "Expected either --remove, which takes no prompt, or --prompt but got both.",
  );
}
