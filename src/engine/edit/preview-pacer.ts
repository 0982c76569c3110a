import type { Clock } from "../jobs/time-left.js";

/** Pictures within a scale come at least so far apart, and the first so long after the start. */
const INTERVAL_MS = 250;
const FIRST_MS = 200;
/** Largest share of a job's time that may go into previews. */
const LARGEST_SHARE = 0.1;

/**
 * Decides when a preview is worth its time: after every scale, and at a steady rate in between unless
 * previews would take more than a tenth of the job's time so far.
 */
export class PreviewPacer {
  readonly #startMs: number;
  #spentMs = 0;
  #costMs = 0;
  #lastMs: number | null = null;

  /** @param clock without one, previews come after every scale and never in between */
  constructor(
    private readonly clock: Clock | undefined,
    private readonly isWanted = true,
  ) {
    this.#startMs = clock?.() ?? 0;
  }

  /** Makes a preview after a scale: each has its place in the filmstrip, also in a short job. */
  async afterScale(make: () => Promise<void>): Promise<void> {
    if (this.isWanted) await this.#measured(make);
  }

  /** Makes a preview within a scale, if it is time for one and it is not too dear. */
  async withinScale(make: () => Promise<void>): Promise<void> {
    if (!this.isWanted || this.clock === undefined) return;
    const now = this.clock();
    const next = this.#lastMs === null ? this.#startMs + FIRST_MS : this.#lastMs + INTERVAL_MS;
    if (now >= next && this.#isAffordable(now)) await this.#measured(make);
  }

  #isAffordable(now: number): boolean {
    // The first has no known cost: it shows that something goes on.
    return this.#spentMs + this.#costMs <= LARGEST_SHARE * (now - this.#startMs);
  }

  async #measured(make: () => Promise<void>): Promise<void> {
    const start = this.clock?.() ?? 0;
    await make();
    const end = this.clock?.() ?? 0;
    this.#costMs = end - start;
    this.#spentMs += this.#costMs;
    this.#lastMs = end;
  }
}
