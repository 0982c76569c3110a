import { fileURLToPath } from "node:url";
import { openBundle } from "../../src/engine/bundle/bundle.js";
import { Model } from "../../src/engine/bundle/model.js";

/** A folder with the tiny bundle of the tests: a real export, other sizes than the shipped one. */
export const debugModelsDir = fileURLToPath(new URL("../fixtures/bundles/", import.meta.url));
export const debugModelId = "studio-debug";

export async function openDebugModel(): Promise<Model> {
  return new Model(await openBundle(`${debugModelsDir}${debugModelId}`), "cpu");
}
