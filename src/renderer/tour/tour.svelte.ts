import type { Preferences } from "../settings/preferences.svelte.js";

/** The steps, in order; each has a text of its name. */
export const TOUR_STEPS = ["scales", "lock", "run"] as const;
export type TourStep = (typeof TOUR_STEPS)[number];

/** The part of the panel that a step is about. */
const HIGHLIGHTS = { scales: null, lock: "ladder", run: "run" } as const;

/** The short tour of the ladder: shown once, until it was seen or dismissed; later only when asked for. */
export class Tour {
  /** True if a person asked for it, who then wants to be there. */
  isAsked = $state(false);
  #index = $state<number | null>(null);
  readonly #preferences: Pick<Preferences, "current" | "update">;

  constructor(preferences: Pick<Preferences, "current" | "update">) {
    this.#preferences = preferences;
  }

  /** The step that is shown, or null. */
  get step(): TourStep | null {
    return this.#index === null ? null : (TOUR_STEPS[this.#index] ?? null);
  }

  get index(): number {
    return this.#index ?? 0;
  }

  get highlight(): "ladder" | "run" | null {
    return this.step === null ? null : HIGHLIGHTS[this.step];
  }

  /** Shows it to somebody who has not seen it. */
  offer(): void {
    if (!this.#preferences.current.tourSeen && this.#index === null) this.#begin(false);
  }

  start(): void {
    this.#begin(true);
  }

  next(): void {
    if (this.#index === null) return;
    if (this.#index + 1 < TOUR_STEPS.length) this.#index++;
    else this.end();
  }

  /** Seen or dismissed, which is the same: it does not come back by itself. */
  end(): void {
    this.#index = null;
    if (!this.#preferences.current.tourSeen) void this.#preferences.update({ tourSeen: true });
  }

  #begin(isAsked: boolean): void {
    this.isAsked = isAsked;
    this.#index = 0;
  }
}
