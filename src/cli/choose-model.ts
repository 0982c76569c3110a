import { AppError } from "../core/errors.js";
import type { EngineApi } from "../shared/api.js";
import type { ModelSummary } from "../shared/models.js";

/**
 * The model that was named, or the first one there is.
 * @throws AppError BUNDLE_MISSING, saying what is wrong with the bundles that are there
 */
export async function chooseModel(
  engine: EngineApi,
  named: string | undefined,
  modelsDir: string,
): Promise<ModelSummary> {
  const { models, modelProblems } = await engine.getEngineInfo({});
  const model = named === undefined ? models[0] : models.find(({ modelId }) => modelId === named);
  if (model) return model;
  const [problem] = modelProblems;
  const known = models.map(({ modelId }) => modelId).join(", ");
  const wanted = named === undefined ? "a usable model" : `the model ${named}`;
  throw new AppError(
    problem?.code ?? "BUNDLE_MISSING",
    `Expected ${wanted} in ${modelsDir} but found ${known === "" ? "none" : `only ${known}`}. ${problem?.message ?? "Name the folder of models with --models."}`,
    { modelsDir, ...problem?.details },
  );
}
