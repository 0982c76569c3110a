import type { LoadedModel } from "../../../src/engine/jobs/prompts.js";
import { PromptEncoder } from "../../../src/engine/text/prompt-encoder.js";
import { openModel } from "../../engine/debug-bundle.js";

/** A bundle on the CPU; its sessions are made when they are first needed. */
export async function loadBundle(folder: string): Promise<LoadedModel> {
  const model = await openModel(folder);
  return { model, prompts: new PromptEncoder(model) };
}
