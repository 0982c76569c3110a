import { readPrompts } from "../ar/sequences.js";
import type { TextPrefix } from "../ar/text-prefix.js";
import type { EnlargingModel } from "../bundle/enlarging-model.js";
import type { Model } from "../bundle/model.js";
import { PromptEncoder } from "../text/prompt-encoder.js";

/** A model with the memory of its prompts; lives as long as the model is loaded. */
export interface LoadedModel {
  readonly model: Model;
  readonly prompts: PromptEncoder;
}

/** A model that only enlarges: it reads no prompts. */
export interface LoadedEnlarger {
  readonly model: EnlargingModel;
  readonly prompts: null;
}

/** What an upscale may be made by. */
export type LoadedToEnlarge = LoadedModel | LoadedEnlarger;

/** The texts that steer a job. */
export interface Steering {
  readonly prompt: string;
  /** What the prompt is told apart from; empty for none. */
  readonly negativePrompt: string;
  readonly guidance: number;
}

/** Without guidance one sequence is enough, which takes half the time. */
export async function readSteering(
  { model, prompts }: LoadedModel,
  { prompt, negativePrompt, guidance }: Steering,
): Promise<TextPrefix> {
  const texts = guidance === 1 ? [prompt] : [prompt, negativePrompt];
  const states = [];
  for (const text of texts) states.push(await prompts.encode(text));
  return readPrompts(model, states);
}
