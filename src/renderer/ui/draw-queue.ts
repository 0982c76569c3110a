/** Time of a frame that goes into small pictures; the rest belongs to the canvas and to input. */
const BUDGET_MS = 6;

/** When to go on, and how late it is; a browser's own by default. */
export interface DrawClock {
  readonly nextFrame: (run: () => void) => void;
  readonly now: () => number;
}

/**
 * Draws small pictures a few a frame: a job may bring many of them at once, and all in one task would
 * be felt as a jerk.
 */
export class DrawQueue {
  readonly #waiting = new Set<() => void>();
  readonly #clock: DrawClock;
  #isScheduled = false;

  constructor(clock: DrawClock) {
    this.#clock = clock;
  }

  /** Draws soon, in order. Returns how to take it back. */
  add(draw: () => void): () => void {
    this.#waiting.add(draw);
    this.#schedule();
    return () => this.#waiting.delete(draw);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.nextFrame(() => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    const until = this.#clock.now() + BUDGET_MS;
    for (const draw of this.#waiting) {
      this.#waiting.delete(draw);
      draw();
      if (this.#clock.now() >= until) break;
    }
    if (this.#waiting.size > 0) this.#schedule();
  }
}

/** The page's queue. */
export const drawQueue = new DrawQueue({
  nextFrame: (run) => void requestAnimationFrame(run),
  now: () => performance.now(),
});
