import { AppError } from "../../core/errors.js";
import type { Engine, UpscaledFile, UpscaleFileRequest } from "../../engine/index.js";
import type { UpscaleJob } from "../../shared/jobs.js";
import { jobIdSchema } from "../../shared/ids.js";
import { draws } from "../../shared/models.js";
import { chooseEnlarger } from "../choose-model.js";
import type { CommandContext } from "../command-context.js";
import { describeExactness, exactnessOf } from "../describe-exactness.js";
import type { InputOptions } from "../open-input.js";
import type { SaveOptions } from "../save-result.js";
import { requireTarget, type Target } from "../target.js";
import { withEngine } from "../with-engine.js";

/** What is done to each picture, however many there are. */
export interface EnlargeOptions extends InputOptions, SaveOptions {
  readonly scale?: UpscaleJob["factor"];
  readonly size?: NonNullable<UpscaleJob["size"]>;
  readonly speed: NonNullable<UpscaleJob["speed"]>;
  readonly creativity: number;
  readonly model?: string;
  readonly prompt: string;
  readonly seed: number;
  readonly guidance?: number;
}

export interface UpscaleOptions extends EnlargeOptions {
  readonly output: string;
}

/** `spectral upscale`: enlarges a picture; every block of the result averages to the source pixel. */
export async function upscale(
  input: string,
  options: UpscaleOptions,
  context: CommandContext,
): Promise<void> {
  requireOneSize(options);
  const target = await requireTarget(options.output);
  await withEngine(context, async (engine) => {
    const job = await jobOf(engine, options, context);
    const file = await enlarge(engine, input, target, { job, options }, context);
    const { width, height } = file;
    const about = { command: "upscale", output: target.path, modelId: job.modelId };
    context.report({ ...about, width, height, ...exactnessOf(file) }, [
      `${target.path}: ${width} x ${height}, ${describeExactness(file)}`,
    ]);
  });
}

/** Checked before anything is loaded. @throws AppError REQUEST_INVALID */
export function requireOneSize({ scale, size }: EnlargeOptions): void {
  if ((scale === undefined) !== (size === undefined)) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected either --scale or --size but got ${scale === undefined ? "neither" : "both"}.`,
  );
}

/** The options as a job that is no document's. @throws AppError BUNDLE_* */
export async function jobOf(
  engine: Pick<Engine, "api">,
  options: EnlargeOptions,
  { modelsDir }: Pick<CommandContext, "modelsDir">,
): Promise<UpscaleFileRequest["job"]> {
  const { scale, size, speed, creativity, prompt, seed } = options;
  const model = await chooseEnlarger(engine.api, options.model, modelsDir);
  const { modelId } = model;
  const guidance = options.guidance ?? (draws(model) ? model.sampling.guidance : NO_GUIDANCE);
  const common = { modelId, creativity, prompt, seed, guidance, speed };
  return size === undefined ? { ...common, factor: scale ?? 2 } : { ...common, factor: 2, size };
}

/** Enlarges one file into another one: the whole file or nothing. */
export async function enlarge(
  engine: Pick<Engine, "upscaleFile">,
  input: string,
  target: Target,
  { job, options }: { job: UpscaleFileRequest["job"]; options: EnlargeOptions },
  { signal, onProgress }: Pick<CommandContext, "signal" | "onProgress">,
): Promise<UpscaledFile> {
  const request: UpscaleFileRequest = {
    input,
    output: target.path,
    format: target.format,
    quality: options.quality,
    embedRecipe: options.recipe,
    ...(options.firstFrame === true ? { frame: "first" } : {}),
    job,
  };
  try {
    return await engine.upscaleFile(request, {
      signal,
      onProgress: (progress) => onProgress({ jobId: FILE_JOB, ...progress }),
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new AppError("JOB_CANCELLED", `Cancelled; ${target.path} was not written.`, {
      path: target.path,
    });
  }
}

/** For a model that reads no prompt. */
const NO_GUIDANCE = 1;

/** Progress is told as a job's; files are enlarged one at a time, so one name does for all. */
const FILE_JOB = jobIdSchema.parse("j-file");
