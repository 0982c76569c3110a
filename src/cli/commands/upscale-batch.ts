import { mkdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AppError, toErrorData, type AppErrorData } from "../../core/errors.js";
import type { Engine, UpscaledFile, UpscaleFileRequest } from "../../engine/index.js";
import type { ExportFormat } from "../../shared/documents.js";
import { findInputs } from "../batch/find-inputs.js";
import { planOutputs, type BatchItem } from "../batch/plan-outputs.js";
import type { CommandContext } from "../command-context.js";
import { describeExactness, exactnessOf } from "../describe-exactness.js";
import { requireTarget } from "../target.js";
import { withEngine } from "../with-engine.js";
import { enlarge, jobOf, requireOneSize, type EnlargeOptions } from "./upscale.js";

export interface UpscaleBatchOptions extends EnlargeOptions {
  /** Folder of the results, made if it is not there. */
  readonly out: string;
  readonly format: ExportFormat;
  readonly recursive?: boolean;
  /** Makes results anew that are there already. */
  readonly overwrite?: boolean;
}

/** What became of one picture. */
type Outcome =
  | { readonly state: "done"; readonly file: UpscaledFile }
  | { readonly state: "skipped" }
  | { readonly state: "failed"; readonly error: AppErrorData };

/**
 * `spectral upscale ... --out folder`: enlarges many pictures, one after another. Results are written
 * whole or not at all, and those that are there are skipped, so a run that was interrupted goes on
 * when it is started again. One picture that fails does not keep the others from being made.
 * @throws AppError the first picture's failure once all others are done, with how many failed
 */
export async function upscaleBatch(
  args: readonly string[],
  options: UpscaleBatchOptions,
  context: CommandContext,
): Promise<void> {
  requireOneSize(options);
  const out = resolve(options.out);
  const recursive = options.recursive === true;
  const inputs = await findInputs(args, { recursive, except: out });
  const items = planOutputs(inputs, options.format);
  await makeFolder(out);
  await withEngine(context, async (engine) => {
    const job = await jobOf(engine, options, context);
    await runAll(items, out, { engine, job, options, context });
  });
}

interface Batch {
  readonly engine: Engine;
  readonly job: UpscaleFileRequest["job"];
  readonly options: UpscaleBatchOptions;
  readonly context: CommandContext;
}

async function runAll(items: readonly BatchItem[], out: string, batch: Batch): Promise<void> {
  const { context } = batch;
  const counts: Record<Outcome["state"], number> = { done: 0, skipped: 0, failed: 0 };
  const failures: { readonly input: string; readonly error: AppErrorData }[] = [];
  for (const [index, item] of items.entries()) {
    const output = join(out, item.output);
    const outcome = await run(item, output, batch);
    const { state } = outcome;
    counts[state] += 1;
    if (state === "failed") failures.push({ input: item.input, error: outcome.error });
    const file = state === "done" ? outcome.file : null;
    const place = `[${index + 1} of ${items.length}]`;
    const told = { command: "upscale", input: item.input, output, state };
    context.report({ ...told, ...(file && exactnessOf(file)) }, [
      `${place} ${state}: ${basename(item.input)}${file ? `, ${describeExactness(file)}` : ""}`,
    ]);
  }
  context.report({ command: "upscale", total: items.length, ...counts }, [
    `${counts.done} enlarged, ${counts.skipped} skipped since they are there, ${counts.failed} failed`,
    ...failures.map(({ input, error }) => `  ${input}: ${error.message} [${error.code}]`),
  ]);
  const [first] = failures;
  if (first) throw batchFailed(first.error, failures.length, items.length);
}

/** Throws only what ends the whole batch. */
async function run(
  { input }: BatchItem,
  output: string,
  { engine, job, options, context }: Batch,
): Promise<Outcome> {
  if (context.signal.aborted) throw cancelled();
  if (options.overwrite !== true && (await exists(output))) return { state: "skipped" };
  try {
    await mkdir(dirname(output), { recursive: true });
    const target = await requireTarget(output);
    const file = await enlarge(engine, input, target, { job, options }, context);
    return { state: "done", file };
  } catch (thrown) {
    const error = toErrorData(thrown);
    if (context.signal.aborted || error.code === "DISK_FULL") throw thrown;
    return { state: "failed", error };
  }
}

function cancelled(): AppError {
  return new AppError(
    "JOB_CANCELLED",
    "Cancelled; what was finished stays, and the same command goes on from there.",
  );
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new AppError(
      "TARGET_UNWRITABLE",
      `Expected to make the folder ${path} but could not; choose another one with --out.`,
      { path },
      { cause },
    );
  }
}

function batchFailed(first: AppErrorData, failed: number, total: number): AppError {
  return new AppError(
    first.code,
    `${failed} of ${total} pictures could not be enlarged; the others were. Put them right and run the same command again: what is done is skipped.`,
    { failed, total },
  );
}
