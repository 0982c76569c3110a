import type { Clock } from "../jobs/time-left.js";

/** Pictures within a scale come at least so far apart, and the first so long after the job began. */
const INTERVAL_MS = 250;
const FIRST_MS = 150;
/** Previews take at most this share of the time that a job takes without them. */
const LARGEST_SHARE = 0.1;

/** The first preview of a scale does not count, and one more alone may have been slow by chance. */
const TRUSTED_MEASURES = 3;

interface Measures {
  readonly count: number;
  readonly leastMs: number;
}

/** What previews cost, by scale, and steps, by batch; lives as long as the model that takes them. */
export class PreviewCosts {
  readonly #scales = new Map<number, Measures>();
  readonly #leastStepMs = new Map<number, number>();
  readonly #leastEndMs = new Map<number, number>();
  #leastDecodeMs = Infinity;

  /**
   * The least is kept: it is the model's own, the rest is what else the machine did. The first of
   * each scale does not count, since a graph's first run prepares the later ones.
   */
  note(scale: number, ms: number): void {
    const { count, leastMs } = this.#scales.get(scale) ?? { count: 0, leastMs: Infinity };
    this.#scales.set(scale, {
      count: count + 1,
      leastMs: count === 0 ? Infinity : Math.min(leastMs, ms),
    });
  }

  /** What the next one is expected to take: as another scale's, or 0, while nothing else is known. */
  of(scale: number): number {
    const isTrusted = ({ count }: Measures) => count >= TRUSTED_MEASURES;
    const own = this.#scales.get(scale);
    if (own !== undefined && isTrusted(own)) return own.leastMs;
    const others = [...this.#scales.values()].filter(isTrusted);
    return Math.max(0, ...others.map(({ leastMs }) => leastMs));
  }

  /** Notes how long it took to show so many pictures at the end: a finished one and what its filmstrip lacked. */
  noteEnd(shown: number, ms: number): void {
    this.#leastEndMs.set(shown, Math.min(this.#leastEndMs.get(shown) ?? Infinity, ms));
  }

  /** The least that it takes where much is lacking; 0 while nothing is known. */
  ofEnd(): number {
    return Math.max(0, ...this.#leastEndMs.values());
  }

  /** Notes how long a finished picture took to decode. */
  noteDecode(ms: number): void {
    this.#leastDecodeMs = Math.min(this.#leastDecodeMs, ms);
  }

  /** The least that it takes; 0 while it is not known. */
  ofDecode(): number {
    return this.#leastDecodeMs < Infinity ? this.#leastDecodeMs : 0;
  }

  /** Notes how long steps of so many variations took on average. */
  noteSteps(batch: number, ms: number): void {
    this.#leastStepMs.set(batch, Math.min(this.#leastStepMs.get(batch) ?? Infinity, ms));
  }

  /** The least that a step takes; 0 while it is not known. */
  ofStep(batch: number): number {
    return this.#leastStepMs.get(batch) ?? 0;
  }
}

export interface PreviewPacerOptions {
  /** Without one, previews come after every scale and never in between. */
  readonly clock?: Clock | undefined;
  /** When the job began by that clock; now, if it is not told. */
  readonly startedAtMs?: number | undefined;
  readonly isWanted?: boolean | undefined;
  /** Steps of drawing that the job takes. */
  readonly totalSteps: number;
  readonly costs: PreviewCosts;
  /** Variations that are drawn at once, 1 by default. */
  readonly batch?: number;
  /** Pictures that will be finished and shown, 1 by default. */
  readonly pictures?: number;
}

/** Steps whose mean is a measure. */
const MEASURED_STEPS = 8;

/**
 * Decides when a preview is worth its time: after every scale and at a steady rate in between, as long
 * as all of them take no more than a tenth of what the job takes without them.
 */
export class PreviewPacer {
  readonly #options: PreviewPacerOptions;
  readonly #startMs: number;
  #spentMs = 0;
  #lastMs: number | null = null;
  #steps = 0;
  #finished = 0;
  /** When the first step was done, without previews: what came before it is no measure of a step. */
  #firstStepMs = 0;

  constructor(options: PreviewPacerOptions) {
    this.#options = options;
    this.#startMs = options.startedAtMs ?? options.clock?.() ?? 0;
  }

  /** Notes a step of drawing. */
  step(): void {
    this.#steps++;
    if (this.#steps === 1) this.#firstStepMs = this.#workMs();
    const { costs, batch = 1 } = this.#options;
    if (this.#steps > MEASURED_STEPS) costs.noteSteps(batch, this.#meanStepMs());
  }

  /**
   * Makes a preview of a scale that is complete.
   * @returns false if it was too dear; its place in the filmstrip can be filled from the finished
   * picture, at no cost
   */
  async afterScale(scale: number, make: () => Promise<void>): Promise<boolean> {
    const { isWanted = true, clock } = this.#options;
    if (!isWanted) return true;
    if (clock !== undefined && !this.#isAffordable(scale)) return false;
    await this.#measured(scale, make);
    return true;
  }

  /** Makes a finished picture, a part of the job's own work. */
  async finish<T>(make: () => Promise<T>): Promise<T> {
    const { clock, costs } = this.#options;
    const start = clock?.() ?? 0;
    const made = await make();
    if (clock !== undefined) costs.noteDecode(clock() - start);
    this.#finished++;
    return made;
  }

  /** Shows a finished picture, and so many others before it, for which time was set aside. */
  atEnd(shown: number, show: () => void): void {
    const { isWanted = true, clock, costs } = this.#options;
    if (!isWanted) return;
    const start = clock?.() ?? 0;
    show();
    if (clock !== undefined) costs.noteEnd(shown, clock() - start);
  }

  /** Makes a preview within a scale, if it is time for one and it is not too dear. */
  async withinScale(scale: number, make: () => Promise<void>): Promise<void> {
    const { isWanted = true, clock } = this.#options;
    if (!isWanted || clock === undefined) return;
    const next = this.#lastMs === null ? this.#startMs + FIRST_MS : this.#lastMs + INTERVAL_MS;
    if (clock() >= next && this.#isAffordable(scale)) await this.#measured(scale, make);
  }

  #isAffordable(scale: number): boolean {
    const { totalSteps, costs, batch = 1, pictures = 1 } = this.#options;
    const stepMs = this.#steps > MEASURED_STEPS ? this.#meanStepMs() : costs.ofStep(batch);
    const wholeMs =
      this.#workMs() +
      stepMs * Math.max(0, totalSteps - this.#steps) +
      costs.ofDecode() * Math.max(0, pictures - this.#finished);
    const previewsMs = this.#spentMs + costs.of(scale) + pictures * costs.ofEnd();
    return previewsMs <= LARGEST_SHARE * wholeMs;
  }

  #meanStepMs(): number {
    return (this.#workMs() - this.#firstStepMs) / (this.#steps - 1);
  }

  /** Time of the job so far without its previews. */
  #workMs(): number {
    return (this.#options.clock?.() ?? 0) - this.#startMs - this.#spentMs;
  }

  async #measured(scale: number, make: () => Promise<void>): Promise<void> {
    const { clock, costs } = this.#options;
    const start = clock?.() ?? 0;
    await make();
    const end = clock?.() ?? 0;
    this.#spentMs += end - start;
    this.#lastMs = end;
    if (clock !== undefined) costs.note(scale, end - start);
  }
}
