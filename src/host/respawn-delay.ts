/** Deaths older than that are forgiven. */
const WINDOW_MS = 60_000;
/** Waits before the first, second, ... respawn within the window; the last repeats. */
const DELAYS_MS = [0, 250, 1_000, 4_000, 10_000] as const;

/**
 * How long to wait before the next engine process: not at all after a single death, ever longer if
 * it keeps dying, so that an engine which cannot start does not burn the machine.
 */
export class RespawnDelay {
  #deathsAtMs: number[] = [];

  /** Notes a death and returns the wait in milliseconds. `nowMs` is any steady clock. */
  afterDeath(nowMs: number): number {
    this.#deathsAtMs = [...this.#deathsAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS), nowMs];
    const index = Math.min(this.#deathsAtMs.length, DELAYS_MS.length) - 1;
    return DELAYS_MS[index] ?? 0;
  }
}
