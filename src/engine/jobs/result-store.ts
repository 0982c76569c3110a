import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { JobId } from "../../shared/ids.js";
import { writeFileAtomically } from "../process/atomic-write.js";

/** Larger results stay in memory alone: writing them would take longer than making them again. */
const MAX_BYTES = 1024 * 1024 * 1024;

/**
 * Results that wait to be kept, on disk in the session folder, so that they outlive the process that
 * made them. Written behind a job's end, which nobody has to wait for.
 */
export class ResultStore<Result> {
  /** The last step of each job's file: steps of one job follow one another. */
  readonly #steps = new Map<JobId, Promise<unknown>>();

  /** @param folder made when it is first needed; belongs to one run of the app, so to one version */
  constructor(private readonly folder: string) {}

  /** Writes a result. A disk that is full costs the safety net, and nothing else. */
  save(jobId: JobId, result: Result, bytes: number): void {
    if (bytes > MAX_BYTES) return;
    void this.#after(jobId, async () => {
      await mkdir(this.folder, { recursive: true });
      await writeFileAtomically(this.#path(jobId), serialize(result));
    });
  }

  /** The result of an earlier process, or null. */
  async load(jobId: JobId): Promise<Result | null> {
    return this.#after(jobId, async () => {
      const bytes = await readFile(this.#path(jobId)).catch(() => null);
      if (bytes === null) return null;
      // Proof of the cast: only `save` writes here, whole files, in this run of the same app.
      return deserialize(bytes) as Result;
    });
  }

  async remove(jobId: JobId): Promise<void> {
    await this.#after(jobId, () => rm(this.#path(jobId), { force: true }));
    this.#steps.delete(jobId);
  }

  #after<T>(jobId: JobId, step: () => Promise<T>): Promise<T | null> {
    const before = this.#steps.get(jobId) ?? Promise.resolve();
    const next = before.then(step).catch(() => null);
    this.#steps.set(jobId, next);
    return next;
  }

  /** Safe as a file name: an id has letters, digits, `-`, `_` and inner dots only. */
  #path(jobId: JobId): string {
    return join(this.folder, `${jobId}.bin`);
  }
}
