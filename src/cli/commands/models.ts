import { resolve } from "node:path";
import { AppError } from "../../core/errors.js";
import { modelIdSchema } from "../../shared/ids.js";
import type { InstalledModel } from "../../shared/models.js";
import type { CommandContext } from "../command-context.js";
import { describeAbilities, describeData } from "../describe-abilities.js";
import { withEngine } from "../with-engine.js";

/** `spectral models`: what is installed, and what is wrong with the rest. */
export async function listModels(context: CommandContext): Promise<void> {
  await withEngine(context, async ({ api }) => {
    const { models, modelProblems } = await api.getEngineInfo({});
    context.report({ command: "models", models, modelProblems }, [
      ...models.flatMap((model) => [describeModel(model), ...dataLines(model)]),
      ...modelProblems.map(({ code, message }) => `problem: ${message} [${code}]`),
    ]);
  });
}

/** `spectral models import`: installs a model from a zip file or a folder. */
export async function importModel(path: string, context: CommandContext): Promise<void> {
  await withEngine(context, async (engine) => {
    const model = await engine.importBundlePath(resolve(path));
    context.report({ command: "models import", model }, [
      `installed ${describeModel(model)}`,
      ...dataLines(model),
    ]);
  });
}

/** `spectral models remove`: deletes a model that was imported. */
export async function removeModel(named: string, context: CommandContext): Promise<void> {
  const parsed = modelIdSchema.safeParse(named);
  if (!parsed.success) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected the id of a model but got "${named}"; see \`spectral models\`.`,
    );
  }
  await withEngine(context, async ({ api }) => {
    await api.removeBundle({ modelId: parsed.data });
    context.report({ command: "models remove", modelId: parsed.data }, [`removed ${named}`]);
  });
}

/** Its terms follow from what it was trained on. */
function dataLines(model: InstalledModel): string[] {
  const data = describeData(model);
  return data === "" ? [] : [`  ${data}`];
}

function describeModel(model: InstalledModel): string {
  const { modelId, name, licence, isShipped, memoryBytes } = model;
  const memory = memoryBytes === undefined ? "" : `, about ${Math.ceil(memoryBytes / 1e6)} MB`;
  const origin = isShipped === true ? "" : ", imported";
  return `${modelId}: ${name}, ${describeAbilities(model)}${memory}${origin}, ${licence}`;
}
