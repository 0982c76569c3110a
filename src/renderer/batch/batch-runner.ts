import type { EditorApi } from "../../shared/api.js";
import type { DocumentInfo } from "../../shared/documents.js";
import type { DocumentId, JobId } from "../../shared/ids.js";
import type { UpscaleJob } from "../../shared/jobs.js";
import { draws, type InstalledModel } from "../../shared/models.js";
import type { PickedFile } from "../app/platform.js";
import { readPickedFile } from "../document/read-file.js";
import { creativityWith } from "../job/abilities.js";
import type { BatchOutputs } from "./batch-output.js";
import type { BatchSettings, BatchTarget } from "./batch-settings.svelte.js";
import type { BatchState } from "./batch-item.js";
import type { JobEnds } from "./job-ends.js";

type RunnerApi = Pick<
  EditorApi,
  "openDocument" | "closeDocument" | "startJob" | "cancelJob" | "acceptResult"
>;

export interface BatchRunParts {
  readonly api: RunnerApi;
  readonly jobs: JobEnds;
  readonly outputs: BatchOutputs;
  readonly settings: BatchSettings;
  readonly model: InstalledModel;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onState: (state: BatchState) => void;
}

/** For a model that reads no prompt. */
const NO_GUIDANCE = 1;

/**
 * Takes one picture from its file to its result. Its document is open for as long as that takes and
 * no longer, so a batch of any length needs the memory of one picture.
 * @throws AppError whatever went wrong; JOB_CANCELLED if it was stopped
 */
export async function runBatchItem(file: PickedFile, parts: BatchRunParts): Promise<BatchState> {
  const { api, settings, outputs, onState } = parts;
  onState(running("reading"));
  const info = await api.openDocument({ ...(await readPickedFile(file)), isTransient: true });
  try {
    const target = settings.targetFor(info, parts.model);
    if (typeof target === "string") return { kind: "skipped", reason: target };
    const enlarged = await upscale(info, target, parts);
    onState(running("writing"));
    const name = await outputs.write(enlarged, settings);
    return { kind: "done", name, width: enlarged.width, height: enlarged.height };
  } finally {
    await closeQuietly(api, info.documentId);
  }
}

async function upscale(
  info: DocumentInfo,
  { factor, exact }: BatchTarget,
  parts: BatchRunParts,
): Promise<DocumentInfo> {
  const { api, jobs, settings, model, seed, signal, onState } = parts;
  const request: UpscaleJob = {
    kind: "upscale",
    documentId: info.documentId,
    modelId: model.modelId,
    factor,
    ...(exact === null ? {} : { size: exact }),
    creativity: creativityWith(settings, model),
    prompt: "",
    seed,
    guidance: draws(model) ? model.sampling.guidance : NO_GUIDANCE,
  };
  signal.throwIfAborted();
  onState(running("upscaling"));
  const { jobId, finished } = await jobs.start(request, ({ done, total, secondsLeft }) => {
    onState({
      kind: "running",
      step: "upscaling",
      share: total > 0 ? done / total : 0,
      secondsLeft,
    });
  });
  const cancel = () => void cancelQuietly(api, jobId);
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    await finished;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
  return api.acceptResult({ jobId });
}

function running(step: "reading" | "upscaling" | "writing"): BatchState {
  return { kind: "running", step, share: 0, secondsLeft: null };
}

/** A job that ended just now needs no cancelling, and its own end says what became of it. */
async function cancelQuietly(api: RunnerApi, jobId: JobId): Promise<void> {
  await api.cancelJob({ jobId }).catch(() => undefined);
}

/** The result is written or the failure known: that tidying up failed as well helps nobody. */
async function closeQuietly(api: RunnerApi, documentId: DocumentId): Promise<void> {
  await api.closeDocument({ documentId }).catch(() => undefined);
}
