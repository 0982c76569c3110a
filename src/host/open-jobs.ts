import { subscribeTo } from "../shared/client.js";
import type { HostApi, OpenJob } from "../shared/api.js";
import { documentIdSchema, jobIdSchema, revisionSchema, type JobId } from "../shared/ids.js";
import { jobRequestSchema, type JobRequest } from "../shared/jobs.js";
import type { Events } from "../shared/events.js";
import type { Transport } from "../shared/transport.js";
import { z } from "../shared/zod.js";
import type { Emitter } from "./emitter.js";

/** Results that are held to be shown again: one message has room for all of them. */
const MAX_HELD = 12;
const MAX_HELD_BYTES = 256 * 1024 * 1024;

interface Known {
  readonly request: JobRequest;
  readonly revision: number | null;
  readonly startedAt: number;
  readonly finished: { readonly event: Events["job-finished"]; readonly elapsedMs: number } | null;
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
  /** Ends that were heard before the reply that names the job. */
  readonly #early = new Map<JobId, Events["job-finished"] | null>();
  #starting = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    private readonly engine: Transport,
    private readonly events: Emitter,
    private readonly now: () => number,
  ) {
    const ignore = () => undefined;
    subscribeTo(engine, "job-finished", (event) => this.#end(event.jobId, event), ignore);
    subscribeTo(engine, "job-failed", ({ jobId }) => this.#end(jobId, null), ignore);
    subscribeTo(engine, "job-cancelled", ({ jobId }) => this.#end(jobId, null), ignore);
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
    jobs: [...this.#jobs].map(([jobId, { request, revision, startedAt, finished }]): OpenJob => {
      const elapsedMs = finished?.elapsedMs ?? this.now() - startedAt;
      return { jobId, request, revision, finished: finished?.event ?? null, elapsedMs };
    }),
  });

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
        finished: null,
      });
      const early = this.#early.get(jobId);
      if (early !== undefined) this.#end(jobId, early);
      return reply;
    } finally {
      this.#starting--;
      if (this.#starting === 0) this.#early.clear();
    }
  }

  #end(jobId: JobId, event: Events["job-finished"] | null): void {
    const known = this.#jobs.get(jobId);
    if (known === undefined) {
      if (this.#starting > 0) this.#early.set(jobId, event);
      return;
    }
    if (event === null) {
      this.#jobs.delete(jobId);
      return;
    }
    const elapsedMs = this.now() - known.startedAt;
    this.#jobs.set(jobId, { ...known, finished: { event, elapsedMs } });
    this.#letGo();
  }

  /** Lets the oldest results go; the newest stays even if it alone is larger. */
  #letGo(): void {
    const held = [...this.#jobs].filter(([, { finished }]) => finished !== null);
    let total = held.reduce((sum, [, { finished }]) => sum + bytesOf(finished?.event), 0);
    let count = held.length;
    for (const [jobId, { finished }] of held.slice(0, -1)) {
      if (total <= MAX_HELD_BYTES && count <= MAX_HELD) return;
      count--;
      total -= bytesOf(finished?.event);
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

function bytesOf(event: Events["job-finished"] | undefined): number {
  const pictures = event === undefined ? [] : [event, ...(event.variations ?? [])];
  return pictures.reduce((sum, { rgba }) => sum + rgba.byteLength, 0);
}
