import { parse } from "node:path";
import type { Events } from "../shared/events.js";
import type { EditJob, ExtendJob, GenerateJob } from "../shared/jobs.js";
import type { ModelSummary, Sampling, ScaleSampling } from "../shared/models.js";
import type { CommandContext } from "./command-context.js";
import type { ByScale, DrawnLayout } from "./option-values.js";
import { runJob, type JobEngine } from "./run-job.js";
import { exportTo, type SaveOptions } from "./save-result.js";
import { requireTarget, type Target } from "./target.js";

type DrawingJob = EditJob | ExtendJob | GenerateJob;

/** What steers drawing; what is left out is the model's own. */
export interface DrawingOptions extends SaveOptions {
  readonly output: string;
  readonly model?: string;
  readonly prompt: string;
  readonly negative: string;
  readonly seed: number;
  readonly temperature?: ByScale;
  readonly topK?: ByScale;
  readonly topP?: ByScale;
  readonly guidance?: ByScale;
  readonly variations?: number;
  readonly layoutOf?: DrawnLayout;
  readonly layoutScales?: number;
}

/** The part of a request that all drawing jobs have. */
export function drawingOf({ sampling }: ModelSummary, options: DrawingOptions) {
  const { prompt, negative, seed, variations } = options;
  const scaleSampling = samplingByScale(options);
  return {
    prompt,
    negativePrompt: negative,
    seed,
    ...samplingOf(sampling, options),
    ...(scaleSampling.length > 0 && { scaleSampling }),
    ...(variations !== undefined && { variations }),
    // Nobody watches.
    previews: false,
  };
}

const SAMPLING_FIELDS = ["temperature", "topK", "topP", "guidance"] as const;

/** The model's defaults under what was asked for all scales. */
function samplingOf(defaults: Sampling, options: DrawingOptions): Sampling {
  const own = SAMPLING_FIELDS.flatMap((field) => {
    const values = options[field] ?? [];
    return values.length === 1 ? [[field, values[0]] as const] : [];
  });
  return { ...defaults, ...Object.fromEntries(own) };
}

/** What was asked for single scales, coarse to fine. */
function samplingByScale(options: DrawingOptions): ScaleSampling[] {
  const lists = SAMPLING_FIELDS.map((field) => [field, options[field] ?? []] as const).filter(
    ([, values]) => values.length > 1,
  );
  const count = Math.max(0, ...lists.map(([, values]) => values.length));
  return Array.from({ length: count }, (_, scale) =>
    Object.fromEntries(
      lists.flatMap(([field, values]) => {
        const value = values[scale] ?? null;
        return value === null ? [] : [[field, value]];
      }),
    ),
  );
}

/**
 * Where the results go: the named file, or one a variation with its number at the end of the name.
 * @throws AppError TARGET_*
 */
export async function requireTargets({ output, variations }: DrawingOptions): Promise<Target[]> {
  if (variations === undefined) return [await requireTarget(output)];
  const { dir, name, ext } = parse(output);
  const targets: Target[] = [];
  for (let number = 1; number <= variations; number++) {
    targets.push(await requireTarget(`${dir === "" ? "." : dir}/${name}-${number}${ext}`));
  }
  return targets;
}

/** Runs a drawing job to its end, after the one whose layout it takes, if it takes one. */
export async function runDrawing(
  engine: JobEngine,
  request: DrawingJob,
  { layoutOf, layoutScales }: DrawingOptions,
  { layout }: ModelSummary,
  context: Pick<CommandContext, "signal" | "onProgress">,
): Promise<Events["job-finished"]> {
  if (layoutOf === undefined) return runJob(engine, request, context);
  const { seed, variation } = layoutOf;
  const first = { ...request, seed, variations: 1, firstVariation: variation };
  const { jobId } = await runJob(engine, first, context);
  const scales = layoutScales ?? Math.max(1, layout.scales - 1);
  const startFrom = { jobId, variation: 0, scales };
  return runJob(engine, { ...request, startFrom }, context);
}

/** Writes every variation of a finished job. @throws AppError TARGET_*, DISK_FULL */
export async function saveVariations(
  { api }: JobEngine,
  { jobId, kind }: Events["job-finished"],
  targets: readonly Target[],
  options: SaveOptions,
): Promise<void> {
  for (const [variation, target] of targets.entries()) {
    const isKept = variation < targets.length - 1;
    const { documentId } = await api.acceptResult({ jobId, variation, isKept });
    await exportTo(api, documentId, target, options);
    // The next one fits the state that all of them were made from.
    if (kind !== "generate" && isKept) await api.undo({ documentId });
  }
}

/** What a command says of its files. */
export function outputsOf(targets: readonly Target[]) {
  const paths = targets.map(({ path }) => path);
  return paths.length === 1 ? { output: paths[0] } : { outputs: paths };
}
