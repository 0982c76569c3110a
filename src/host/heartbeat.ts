/** When silence means that the engine hangs. */
export interface HeartbeatTiming {
  /** Between two questions. */
  readonly intervalMs: number;
  /** Longest silence before the first sign of life: loading libraries takes its time. */
  readonly startLimitMs: number;
  /** Longest silence while nothing is asked of the engine. */
  readonly idleLimitMs: number;
  /** Longest silence while it works: inference blocks its thread. */
  readonly busyLimitMs: number;
}

/**
 * Asks the engine at intervals whether it is there, and tells when it is silent for too long.
 *
 * Silence is counted in intervals, not by the clock: while a laptop sleeps no interval passes, and
 * the engine is not taken for dead when it wakes.
 */
export class Heartbeat {
  readonly #timer: NodeJS.Timeout;
  #silentIntervals = 0;
  #hasHeard = false;

  constructor(
    timing: HeartbeatTiming,
    actions: { ask(): void; isBusy(): boolean; onHang(silentMs: number): void },
  ) {
    this.#timer = setInterval(() => {
      const silentMs = this.#silentIntervals * timing.intervalMs;
      const workLimitMs = actions.isBusy() ? timing.busyLimitMs : timing.idleLimitMs;
      if (silentMs >= (this.#hasHeard ? workLimitMs : timing.startLimitMs)) {
        this.stop();
        actions.onHang(silentMs);
        return;
      }
      this.#silentIntervals += 1;
      actions.ask();
    }, timing.intervalMs);
    // A heartbeat alone keeps no program running.
    this.#timer.unref();
  }

  /** Anything the engine says shows that it lives. */
  heard(): void {
    this.#silentIntervals = 0;
    this.#hasHeard = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
