import type { ReplyOf } from "../../shared/api.js";
import { AppError } from "../../core/errors.js";
import type { DocumentInfo } from "../../shared/documents.js";
import type { InstalledModel } from "../../shared/models.js";
import type { CommandContext } from "../command-context.js";
import { openInput, type InputOptions } from "../open-input.js";
import { withEngine } from "../with-engine.js";
import { describeAbilities } from "../describe-abilities.js";

/** `spectral info [file]`: what a picture is, or what this installation can do. */
export async function info(
  file: string | undefined,
  options: InputOptions,
  context: CommandContext,
): Promise<void> {
  await withEngine(context, async ({ api }) => {
    if (file === undefined) reportInstallation(await api.getEngineInfo({}), context);
    else reportPicture(file, await openInput(api, file, options), context);
  });
}

function reportPicture(file: string, document: DocumentInfo, context: CommandContext): void {
  const { width, height, channels, depth, hasAlpha, format, hasIccProfile } = document;
  const colour = channels < 3 ? "grey" : "RGB";
  const line = [
    `${format}, ${width} x ${height}, ${colour}${hasAlpha ? " with alpha" : ""}, ${depth} bits`,
    ...(hasIccProfile ? ["colour profile"] : []),
  ].join(", ");
  const facts = { width, height, channels, depth, hasAlpha, format, hasIccProfile };
  context.report({ command: "info", file, ...facts }, [`${file}: ${line}`]);
}

/** A picture tool without a model is no use, so then it ends as a failure, after saying the rest. */
function reportInstallation(
  { models, modelProblems, device }: ReplyOf<"getEngineInfo">,
  { version, modelsDir, report }: CommandContext,
): void {
  report({ command: "info", version, device, modelsDir, models, modelProblems }, [
    `Spectral Studio ${version}`,
    `device: ${device.name}`,
    `models: ${modelsDir}`,
    ...models.map(describeModel),
    ...modelProblems.map(({ code, message }) => `  problem: ${message} [${code}]`),
  ]);
  if (models.length > 0) return;
  const code = modelProblems[0]?.code ?? "BUNDLE_MISSING";
  throw new AppError(code, `Expected a usable model in ${modelsDir} but there is none.`, {
    modelsDir,
  });
}

function describeModel(model: InstalledModel): string {
  const { modelId, name, licence } = model;
  return `  ${modelId}: ${name}, ${describeAbilities(model)}, ${licence}`;
}
