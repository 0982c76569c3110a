import { openBundle } from "../../../src/engine/bundle/bundle.js";
import { Model } from "../../../src/engine/bundle/model.js";
import type { LoadedModel } from "../../../src/engine/jobs/prompts.js";
import { PromptEncoder } from "../../../src/engine/text/prompt-encoder.js";

/** A bundle on the CPU; its sessions are made when they are first needed. */
export async function loadBundle(folder: string): Promise<LoadedModel> {
  const model = new Model(await openBundle(folder), "cpu");
  return { model, prompts: new PromptEncoder(model) };
}
