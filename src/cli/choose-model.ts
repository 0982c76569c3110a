import { AppError } from "../core/errors.js";
import type { EngineApi } from "../shared/api.js";
import { draws, type InstalledModel, type ModelSummary } from "../shared/models.js";

/**
 * The model that was named, or the first one there is that draws.
 * @throws AppError BUNDLE_MISSING, saying what is wrong with the bundles that are there, or
 * REQUEST_INVALID for a model that only enlarges
 */
export async function chooseModel(
  engine: EngineApi,
  named: string | undefined,
  modelsDir: string,
): Promise<ModelSummary> {
  const model = await chooseEnlarger(engine, named, modelsDir);
  if (draws(model)) return model;
  const { models } = await engine.getEngineInfo({});
  const known = models.filter(draws).map(({ modelId }) => modelId);
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a model that draws but ${model.modelId} only enlarges; ${known.length > 0 ? `choose one that draws with --model (${known.join(", ")})` : "install one that draws"}.`,
    { modelId: model.modelId },
  );
}

/**
 * The same for an upscale, which models that only enlarge can make, too. Unless one is named it is the
 * model that everything else is made with.
 * @throws AppError BUNDLE_MISSING, saying what is wrong with the bundles that are there
 */
export async function chooseEnlarger(
  engine: EngineApi,
  named: string | undefined,
  modelsDir: string,
): Promise<InstalledModel> {
  const { models, modelProblems } = await engine.getEngineInfo({});
  const model =
    named === undefined
      ? (models.find(draws) ?? models[0])
      : models.find(({ modelId }) => modelId === named);
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
