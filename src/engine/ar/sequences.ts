import type { TextStates } from "../text/prompt-encoder.js";
import { AppError } from "../../core/errors.js";
import type { Model } from "../bundle/model.js";
import { readPromptsByGraph } from "./graph-sequences.js";
import { readPromptsByKernel } from "./kernel/kernel-sequences.js";
import type { TextPrefix } from "./text-prefix.js";

/**
 * Reads the prompts, once for all sequences that begin with them: by the app's own decoder where the
 * bundle has weights for it and the processor computes, else by the bundle's graph.
 * @param prompts states of each sequence's prompt
 * @throws AppError REQUEST_INVALID if a prompt is longer than the model's text positions
 */
export async function readPrompts(
  model: Model,
  prompts: readonly TextStates[],
): Promise<TextPrefix> {
  const { textPositions } = model.manifest.ar;
  for (const { count } of prompts) {
    if (count > textPositions) throw promptTooLong(count, textPositions);
  }
  const decoder = await model.decoder();
  return decoder ? readPromptsByKernel(decoder, prompts) : readPromptsByGraph(model, prompts);
}

function promptTooLong(count: number, rows: number): AppError {
  return new AppError(
    "REQUEST_INVALID",
    `Expected a prompt of at most ${rows} word pieces but got ${count}; shorten it.`,
    { count, rows },
  );
}
