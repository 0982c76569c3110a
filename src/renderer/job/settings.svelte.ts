import type { Sampling } from "../../shared/models.js";

/** Largest seed that a request may carry. */
export const MAX_SEED = 0xffff_ffff;

/** Enlargements on offer. */
export const FACTORS = [2, 4, 8] as const;
export type Factor = (typeof FACTORS)[number];

/** What a person sets before a job, as the fields show it. */
export class JobSettings {
  prompt = $state("");
  negativePrompt = $state("");
  /** The prompt for a new picture; kept apart from what an edit of the open one asks for. */
  generatePrompt = $state("");
  seed = $state(0);
  /** A locked seed is used again; an unlocked one is drawn anew for each run. */
  isSeedLocked = $state(false);
  guidance = $state(1);
  temperature = $state(1);
  topK = $state(0);
  topP = $state(1);
  factor = $state<Factor>(2);
  /** 0 faithful, 1 creative. */
  creativity = $state(0);

  readonly #randomSeed: () => number;

  constructor(randomSeed: () => number) {
    this.#randomSeed = randomSeed;
    this.rollSeed();
  }

  rollSeed(): void {
    this.seed = this.#randomSeed();
  }

  /** A typed seed is meant to be used, so it is locked. Anything else than a seed is ignored. */
  typeSeed(text: string): void {
    const digits = text.replaceAll(/\D/g, "");
    if (digits === "") return;
    this.seed = Math.min(Number(digits), MAX_SEED);
    this.isSeedLocked = true;
  }

  /** The seed for the next run. */
  takeSeed(): number {
    if (!this.isSeedLocked) this.rollSeed();
    return this.seed;
  }

  /** Sampling as the model's maker recommends it. */
  applyDefaults(sampling: Sampling): void {
    this.guidance = sampling.guidance;
    this.temperature = sampling.temperature;
    this.topK = sampling.topK;
    this.topP = sampling.topP;
  }

  differsFrom(sampling: Sampling): boolean {
    return (
      this.guidance !== sampling.guidance ||
      this.temperature !== sampling.temperature ||
      this.topK !== sampling.topK ||
      this.topP !== sampling.topP
    );
  }
}
