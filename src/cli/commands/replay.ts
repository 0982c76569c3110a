import { basename } from "node:path";
import { AppError } from "../../core/errors.js";
import {
  describeFingerprint,
  readFileBytes,
  readRecipe,
  restoreRequest,
  sameFingerprint,
  type Engine,
  type Fingerprint,
  type Recipe,
} from "../../engine/index.js";
import type { EngineApi } from "../../shared/api.js";
import { transformSchema } from "../../shared/documents.js";
import type { DocumentId } from "../../shared/ids.js";
import type { InstalledModel } from "../../shared/models.js";
import { z } from "../../shared/zod.js";
import type { CommandContext } from "../command-context.js";
import { openInput, type InputOptions } from "../open-input.js";
import { runJob } from "../run-job.js";
import { exportTo, type SaveOptions } from "../save-result.js";
import { requireTarget } from "../target.js";
import { withEngine } from "../with-engine.js";

/** A crop or a turn, which no model and no job makes. */
const transformStepSchema = z.object({ kind: z.literal("transform"), transform: transformSchema });

export interface ReplayOptions extends InputOptions, SaveOptions {
  readonly output: string;
  /** The picture that the first step worked on. */
  readonly source?: string;
  /** Goes on with another model or source, and with a result that differs. */
  readonly anyway?: boolean;
}

/** `spectral replay`: makes a picture again from what it says about itself; the same pixels. */
export async function replay(
  picture: string,
  options: ReplayOptions,
  context: CommandContext,
): Promise<void> {
  const target = await requireTarget(options.output);
  const name = basename(picture);
  const recipe = await readRecipe(await readFileBytes(picture), name);
  await withEngine(context, async (engine) => {
    const isStrict = options.anyway !== true;
    if (isStrict) await requireModels(recipe, engine.api);
    let documentId = await openSource(engine, recipe, options, name);
    for (const step of recipe.steps) {
      const frame = transformStepSchema.safeParse(step.request);
      if (frame.success && documentId !== null) {
        const { transform } = frame.data;
        await engine.api.transformDocument({ documentId, transform });
        continue;
      }
      const request = restoreRequest(step.request, documentId, name);
      const { jobId } = await runJob(engine, request, context);
      ({ documentId } = await engine.api.acceptResult({ jobId }));
    }
    if (documentId === null) throw new RangeError("a recipe has at least one step");
    const result = await engine.fingerprint(documentId);
    const isSame = sameFingerprint(result, recipe.result);
    if (isStrict && !isSame) throw resultDiffers(recipe, result, await deviceName(engine.api));
    await exportTo(engine.api, documentId, target, options);
    context.report(
      { command: "replay", output: target.path, steps: recipe.steps.length, isSame, result },
      [`${target.path}: ${isSame ? "the same pixels" : "other pixels"} as ${name}`],
    );
  });
}

/** Before anything is computed: each step's model is here, and is the one that made it. */
async function requireModels({ steps }: Recipe, api: EngineApi): Promise<void> {
  const { models } = await api.getEngineInfo({});
  for (const { request, madeBy } of steps) {
    if (request["kind"] === "transform") continue;
    const { modelId: wanted } = request;
    const model = models.find(({ modelId }) => modelId === wanted);
    if (!model) throw modelMissing(typeof wanted === "string" ? wanted : "without a name", models);
    if (madeBy && model.sha256 !== madeBy.modelSha256) {
      throw new AppError(
        "BUNDLE_UNSUPPORTED",
        `Expected the model ${model.modelId} of then (${madeBy.modelSha256.slice(0, 8)}) but another version of it is installed (${model.sha256?.slice(0, 8) ?? "unknown"}); install that one, or use --anyway for a similar picture.`,
        { modelId: model.modelId },
      );
    }
  }
}

/** The opened source, checked, or null for a recipe that begins with a new picture. */
async function openSource(
  engine: Engine,
  { source }: Recipe,
  options: ReplayOptions,
  name: string,
): Promise<DocumentId | null> {
  if (source === null) return null;
  if (options.source === undefined) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected the picture that ${name} was made from, ${describeFingerprint(source)}, which is not in it; name it with --source.`,
    );
  }
  const { documentId } = await openInput(engine.api, options.source, options);
  const found = await engine.fingerprint(documentId);
  if (options.anyway === true || sameFingerprint(found, source)) return documentId;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected the picture that ${name} was made from, ${describeFingerprint(source)}, but ${options.source} is ${describeFingerprint(found)}; name the original with --source.`,
    { source: options.source },
  );
}

function modelMissing(modelId: string, models: readonly InstalledModel[]): AppError {
  const known = models.map((model) => model.modelId).join(", ") || "none";
  return new AppError(
    "BUNDLE_MISSING",
    `Expected the model ${modelId}, which made this picture, but it is not installed (installed: ${known}); import it first.`,
    { modelId },
  );
}

async function deviceName(api: EngineApi): Promise<string> {
  return (await api.getEngineInfo({})).device.name;
}

function resultDiffers(recipe: Recipe, result: Fingerprint, device: string): AppError {
  const then = recipe.steps.at(-1)?.madeBy?.device ?? "an unknown device";
  return new AppError(
    "ENGINE_OUTPUT_INVALID",
    `Expected the pixels ${describeFingerprint(recipe.result)} but got ${describeFingerprint(result)}. It was made on ${then} and replayed on ${device}: other processors round otherwise. Nothing was written; --anyway writes it.`,
    { then, now: device },
  );
}
