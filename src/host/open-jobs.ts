import { AppError } from "../core/errors.js";
import { subscribeTo } from "../shared/client.js";
import type { HostApi, OpenJob, ReplyOf } from "../shared/api.js";
import { documentIdSchema, jobIdSchema, revisionSchema, type JobId } from "../shared/ids.js";
import { jobRequestSchema, type JobRequest } from "../shared/jobs.js";
import type { Events } from "../shared/events.js";
import { isSamePlace, keepPreview, variationOf } from "../shared/kept-previews.js";
import type { Transport } from "../shared/transport.js";
import { z } from "../shared/zod.js";
import type { Emitter } from "./emitter.js";

/** Results that are held to be shown again. */
const MAX_HELD = 12;
const MAX_HELD_BYTES = 256 * 1024 * 1024;

type Picture = ReplyOf<"readJobPicture">;

interface Known {
  readonly request: JobRequest;
  readonly revision: number | null;
  readonly startedAt: number;
  /** By variation, as they come. */
  readonly pictures: Map<number, Picture>;
  previews: readonly Events["job-preview"][];
  end: { readonly finished: NonNullable<OpenJob["finished"]>; readonly elapsedMs: number } | null;
}

const byDocument = z.object({ documentId: documentIdSchema });
const byJob = z.object({ jobId: jobIdSchema });
const byDecidedJob = byJob.extend({ isKept: z.boolean().optional() });
const startReply = byJob.extend({ revision: revisionSchema.nullable().optional() });

/**
 * Stands between pages and the engine and remembers which jobs have no decision yet, so that a page
 * which is loaded again finds them. Tells every page what another one closed or decided.
 */
export class OpenJobs implements Pick<Transport, "invoke"> {
  readonly #jobs = new Map<JobId, Known>();
  /** What was heard before the reply that names the job. */
  readonly #early: { readonly jobId: JobId; readonly note: (known: Known) => void }[] = [];
  #starting = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    private readonly engine: Transport,
    private readonly events: Emitter,
    private readonly now: () => number,
  ) {
    const ignore = () => undefined;
    const forget = ({ jobId }: { readonly jobId: JobId }) =>
      this.#hear(jobId, () => this.#jobs.delete(jobId));
    subscribeTo(engine, "job-preview", (event) => this.#keepPreview(event), ignore);
    subscribeTo(engine, "job-variation", (event) => this.#keep(event), ignore);
    subscribeTo(engine, "job-finished", (event) => this.#end(event), ignore);
    subscribeTo(engine, "job-failed", forget, ignore);
    subscribeTo(engine, "job-cancelled", forget, ignore);
  }

  async invoke(method: string, request: unknown): Promise<unknown> {
    switch (method) {
      case "startJob":
        return this.#start(request);
      case "acceptResult":
      case "discardResult": {
        const reply = await this.engine.invoke(method, request);
        const { jobId, isKept } = byDecidedJob.parse(request);
        if (isKept === true) return reply;
        this.#jobs.delete(jobId);
        this.events.emit("job-settled", { jobId });
        return reply;
      }
      case "closeDocument": {
        const reply = await this.engine.invoke(method, request);
        this.#close(byDocument.parse(request));
        return reply;
      }
      default:
        return this.engine.invoke(method, request);
    }
  }

  /** Answers `listJobs`. */
  readonly list: HostApi["listJobs"] = async () => ({
    jobs: [...this.#jobs].map(
      ([jobId, { request, revision, startedAt, pictures, previews, end }]): OpenJob => ({
        jobId,
        request,
        revision,
        finished: end?.finished ?? null,
        pictures: [...pictures.keys()],
        previews: previews.map(({ scale, variation, rect }) => ({ scale, variation, rect })),
        elapsedMs: end?.elapsedMs ?? this.now() - startedAt,
      }),
    ),
  });

  /** Answers `readJobPicture`. @throws AppError JOB_UNKNOWN */
  readonly readPicture: HostApi["readJobPicture"] = async ({ jobId, variation }) => {
    const picture = this.#jobs.get(jobId)?.pictures.get(variation);
    if (picture) return picture;
    throw new AppError(
      "JOB_UNKNOWN",
      `Expected a picture of variation ${variation} of ${jobId} but there is none: it was decided about, let go, or has not come yet; list the jobs again.`,
      { jobId, variation },
    );
  };

  /** Answers `readJobPreview`. @throws AppError JOB_UNKNOWN */
  readonly readPreview: HostApi["readJobPreview"] = async ({ jobId, preview }) => {
    const known = this.#jobs.get(jobId)?.previews.find((other) => isSamePlace(other, preview));
    if (known !== undefined) {
      const { width, height, rgba } = known;
      return { width, height, rgba };
    }
    throw new AppError(
      "JOB_UNKNOWN",
      `Expected a preview of scale ${preview.scale} of ${jobId} but there is none: the job was decided about or let go, or went on to another region; list the jobs again.`,
      { jobId, scale: preview.scale, variation: variationOf(preview) },
    );
  };

  async #start(request: unknown): Promise<unknown> {
    const startedAt = this.now();
    this.#starting++;
    try {
      const reply = await this.engine.invoke("startJob", request);
      const { jobId, revision = null } = startReply.parse(reply);
      this.#jobs.set(jobId, {
        request: jobRequestSchema.parse(request),
        revision,
        startedAt,
        pictures: new Map(),
        previews: [],
        end: null,
      });
      for (const early of this.#early) if (early.jobId === jobId) this.#hear(jobId, early.note);
      return reply;
    } finally {
      this.#starting--;
      if (this.#starting === 0) this.#early.length = 0;
    }
  }

  #hear(jobId: JobId, note: (known: Known) => void): void {
    const known = this.#jobs.get(jobId);
    if (known !== undefined) note(known);
    else if (this.#starting > 0) this.#early.push({ jobId, note });
  }

  #keepPreview(preview: Events["job-preview"]): void {
    this.#hear(preview.jobId, (known) => {
      known.previews = keepPreview(known.previews, preview);
    });
  }

  #keep({ jobId, variation, ...picture }: Events["job-variation"]): void {
    this.#hear(jobId, ({ pictures }) => pictures.set(variation, picture));
  }

  #end({ width, height, rgba, ...finished }: Events["job-finished"]): void {
    this.#hear(finished.jobId, (known) => {
      known.pictures.set(0, { width, height, rgba });
      known.end = { finished, elapsedMs: this.now() - known.startedAt };
      this.#letGo();
    });
  }

  /** Lets the oldest results go; the newest stays even if it alone is larger. */
  #letGo(): void {
    const held = [...this.#jobs].filter(([, { end }]) => end !== null);
    let total = held.reduce((sum, [, known]) => sum + bytesOf(known), 0);
    let count = held.length;
    for (const [jobId, known] of held.slice(0, -1)) {
      if (total <= MAX_HELD_BYTES && count <= MAX_HELD) return;
      count--;
      total -= bytesOf(known);
      this.#jobs.delete(jobId);
    }
  }

  #close({ documentId }: z.infer<typeof byDocument>): void {
    for (const [jobId, { request }] of this.#jobs) {
      if (request.kind !== "generate" && request.documentId === documentId) {
        this.#jobs.delete(jobId);
      }
    }
    this.events.emit("document-closed", { documentId });
  }
}

function bytesOf({ pictures, previews }: Known): number {
  return [...pictures.values(), ...previews].reduce((sum, { rgba }) => sum + rgba.byteLength, 0);
}
