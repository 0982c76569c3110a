/** Milliseconds from any fixed moment, never going back; `performance.now` in a program. */
export type Clock = () => number;

/** Less than this says nothing yet: the first steps include loading and warming up. */
const LEAST_MS = 400;
const LEAST_STEPS = 3;

/** Estimates how long a stage still takes from how long its steps took so far. */
export class TimeLeft {
  #stage: string | null = null;
  #startMs = 0;
  #startDone = 0;

  constructor(private readonly clock: Clock) {}

  /** Seconds until `done` reaches `total`, or null while too little is known. */
  estimate(stage: string, done: number, total: number): number | null {
    const now = this.clock();
    if (stage !== this.#stage) {
      this.#stage = stage;
      this.#startMs = now;
      this.#startDone = done;
    }
    const steps = done - this.#startDone;
    const elapsedMs = now - this.#startMs;
    if (steps < LEAST_STEPS || elapsedMs < LEAST_MS) return null;
    return ((elapsedMs / steps) * Math.max(0, total - done)) / 1000;
  }
}
