import { fileURLToPath } from "node:url";
import { openBundle } from "../../src/engine/bundle/bundle.js";
import { Model, modelOf } from "../../src/engine/bundle/model.js";
import type { LoadedModel } from "../../src/engine/jobs/prompts.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";

/** A folder with the tiny bundle of the tests: a real export, other sizes than the shipped one. */
export const debugModelsDir = fileURLToPath(new URL("../fixtures/bundles/", import.meta.url));
export const debugModelId = "studio-debug";

/** A bundle that draws. */
export async function openModel(folder: string): Promise<Model> {
  const model = modelOf(await openBundle(folder), "cpu");
  if (model instanceof Model) return model;
  throw new RangeError(`${folder} only enlarges`);
}

export async function openDebugModel(): Promise<Model> {
  return openModel(`${debugModelsDir}${debugModelId}`);
}

/** The same model with its networks that enlarge, and without: then the decoder predicts. */
export interface Upscalers {
  readonly network: LoadedModel;
  readonly decoder: LoadedModel;
}

export async function openUpscalers(): Promise<Upscalers> {
  const model = await openDebugModel();
  const { enlarge: _, ...manifest } = model.manifest;
  const decoder = new Model({ ...model.bundle, manifest }, "cpu");
  return {
    network: { model, prompts: new PromptEncoder(model) },
    decoder: { model: decoder, prompts: new PromptEncoder(decoder) },
  };
}
