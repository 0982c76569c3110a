import { planTarget } from "../../core/plan/target-size.js";
import type { ExportFormat } from "../../shared/documents.js";
import { documentIdSchema } from "../../shared/ids.js";
import type { UpscaleJob } from "../../shared/jobs.js";
import { fingerprintOf } from "../files/fingerprint.js";
import { PictureRows } from "../files/picture-rows.js";
import { metadataFor, type MetadataChoice } from "../files/private-metadata.js";
import { readFileBytes } from "../files/read-bytes.js";
import { readPicture } from "../files/read-picture.js";
import { keepsSamples, requireFitting } from "../files/write-picture.js";
import type { JobContext, JobProgress } from "../jobs/job-context.js";
import type { LoadedToEnlarge } from "../jobs/prompts.js";
import { upscaledFormat, upscaleInto } from "../jobs/run-upscale.js";
import { TimeLeft } from "../jobs/time-left.js";
import type { ModelParts } from "../model-parts.js";
import { replaceFileAtomically } from "../process/atomic-write.js";
import { recipeOfFile } from "../recipes.js";

/** A picture file to enlarge into another one. */
export interface UpscaleFileRequest {
  readonly input: string;
  readonly output: string;
  readonly format: ExportFormat;
  /** 1..100, as for an export. */
  readonly quality: number;
  /** Of the input's own; `all` by default. */
  readonly metadata?: MetadataChoice;
  /** Writes into the file what made it. */
  readonly embedRecipe: boolean;
  /** Takes the first picture of an animation, which is refused otherwise. */
  readonly frame?: "first";
  readonly job: Omit<UpscaleJob, "kind" | "documentId">;
}

/** What watches and ends the work on a file. */
export interface UpscaleFileContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: JobProgress & { readonly secondsLeft: number | null }) => void;
}

export interface UpscaledFile {
  readonly width: number;
  readonly height: number;
  /** It was enlarged by that much, and then reduced by exact areas if the size is another one. */
  readonly enlargedBy: number;
  /** Side of the blocks that average to the input's pixels; null where the size has no such blocks. */
  readonly blockSide: number | null;
  /** False where the format loses some of what was made, and the blocks' averages with it. */
  readonly isLossless: boolean;
}

/**
 * Enlarges a file into another one, the whole file or nothing. Only the input lies in memory as a
 * whole; the result goes to disk row by row.
 * @throws AppError as reading a picture, an upscale job and an export
 */
export async function upscaleFile(
  parts: Pick<ModelParts, "models" | "originOf">,
  request: UpscaleFileRequest,
  { signal, onProgress }: UpscaleFileContext,
): Promise<UpscaledFile> {
  const clock = () => performance.now();
  const timeLeft = new TimeLeft(clock);
  const context: JobContext = {
    signal,
    clock,
    onProgress: (progress) => {
      const secondsLeft = timeLeft.estimate(progress.stage, progress.done, progress.total);
      onProgress({ ...progress, secondsLeft });
    },
    onPreview: () => undefined,
  };
  const { input, output, format, quality, frame, job } = request;
  const { raster, metadata } = await readPicture(await readFileBytes(input), input, { frame });
  const rowFormat = upscaledFormat(raster, job);
  const { factor, blockSide } = planTarget(raster, job.factor, job.size);
  requireFitting(rowFormat, format);
  context.onProgress({ stage: "preparing", scale: null, done: 0, total: 1 });
  const source = fingerprintOf(raster);
  // A file is no document; a record leaves the id out anyway.
  const recorded = {
    ...job,
    kind: "upscale" as const,
    documentId: documentIdSchema.parse("d-file"),
  };
  const write = async (loaded: LoadedToEnlarge, temporary: string) => {
    const rows = await PictureRows.create(temporary, rowFormat, {
      format,
      quality,
      metadata: metadataFor(metadata, request.metadata ?? "all"),
      recipe: (result) =>
        request.embedRecipe
          ? recipeOfFile(recorded, parts.originOf(loaded.model), source, result)
          : null,
    });
    try {
      await upscaleInto(loaded, raster, job, rows, context);
      await rows.finish();
      context.signal.throwIfAborted();
    } catch (error) {
      await rows.discard();
      throw error;
    }
  };
  await parts.models.useToEnlarge(job.modelId, context, (loaded) =>
    replaceFileAtomically(output, (temporary) => write(loaded, temporary)),
  );
  return {
    width: rowFormat.width,
    height: rowFormat.height,
    enlargedBy: factor,
    blockSide,
    isLossless: keepsSamples(format, quality, raster.depth),
  };
}
