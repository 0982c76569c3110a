import { AppError } from "../../core/errors.js";
import type { Rect } from "../../core/rect.js";
import type { JobId, ModelId } from "../../shared/ids.js";
import type { JobRequest } from "../../shared/jobs.js";
import type { ResultStore } from "./result-store.js";

/** Finished jobs whose tokens are remembered; a few kilobytes each. */
const REMEMBERED_JOBS = 64;

/** The tokens of a finished job, by variation and picture. */
export interface DrawnCodes {
  readonly modelId: ModelId;
  /** For each variation, every token of each picture that the job drew. */
  readonly variations: readonly (readonly Int32Array[])[];
  /** Where each of these pictures lies, in pixels of the document as it was. */
  readonly areas: readonly Rect[];
  readonly tokensPerScale: number;
}

/**
 * Remembers the tokens of finished jobs, accepted or not, so that another can start from them; also
 * in a process that takes the place of one that died.
 */
export class DrawnCodesMemory {
  readonly #jobs = new Map<JobId, DrawnCodes>();

  constructor(private readonly store: ResultStore<DrawnCodes>) {}

  remember(jobId: JobId, codes: DrawnCodes): void {
    this.store.save(jobId, codes, 0);
    this.#keep(jobId, codes);
  }

  #keep(jobId: JobId, codes: DrawnCodes): void {
    this.#jobs.set(jobId, codes);
    const [oldest] = this.#jobs.keys();
    if (oldest === undefined || this.#jobs.size <= REMEMBERED_JOBS) return;
    this.#jobs.delete(oldest);
    void this.store.remove(oldest);
  }

  async #recall(jobId: JobId): Promise<DrawnCodes> {
    const known = this.#jobs.get(jobId) ?? (await this.store.load(jobId));
    if (known === null) throw unknownStart(jobId);
    this.#keep(jobId, known);
    return known;
  }

  /**
   * The request with the tokens it starts from spelled out, so that it is complete without this
   * memory.
   * @throws AppError JOB_UNKNOWN, REQUEST_INVALID
   */
  async resolve(request: JobRequest): Promise<JobRequest> {
    if (request.kind === "upscale" || !request.startFrom) return request;
    const { startFrom, ...complete } = request;
    const { jobId, variation, scales } = startFrom;
    const drawn = await this.#recall(jobId);
    const pictures = drawn.variations[variation];
    if (!pictures) {
      throw new AppError(
        "REQUEST_INVALID",
        `Expected one of the ${drawn.variations.length} variations of the job ${jobId} but got number ${variation}, counted from 0.`,
        { variation },
      );
    }
    if (drawn.modelId !== request.modelId) {
      throw new AppError(
        "REQUEST_INVALID",
        `Expected to start from a result of ${request.modelId} but ${jobId} was drawn by ${drawn.modelId}; choose that model.`,
        { jobId },
      );
    }
    const known = scales * drawn.tokensPerScale;
    const codes = pictures.flatMap((picture) => [...picture.subarray(0, known)]);
    return { ...complete, startCodes: { scales, codes, areas: drawn.areas } };
  }
}

function unknownStart(jobId: JobId): AppError {
  return new AppError(
    "JOB_UNKNOWN",
    `Expected a finished job to start from but ${jobId} is not one, or it is too long ago; run it again.`,
    { jobId },
  );
}
