import { MAX_VARIATIONS } from "../../shared/limits.js";
import type { DraftSettings } from "../../shared/drafts.js";
import type { Sampling, ScaleSampling, UpscaleSpeed } from "../../shared/models.js";
import type { Size } from "../view/geometry.js";
import { NO_MARGINS, type Margins } from "./extend.js";

/** Largest seed that a request may carry. */
export const MAX_SEED = 0xffff_ffff;

/** Enlargements on offer. */
export const FACTORS = [2, 4, 8] as const;
export type Factor = (typeof FACTORS)[number];

/** Enlargements of a picture that is made anew. */
export const GENERATE_FACTORS = [1, 2, 4, 8] as const;
export type GenerateFactor = (typeof GENERATE_FACTORS)[number];

/** What a person sets before a job, as the fields show it. */
export class JobSettings {
  prompt = $state("");
  negativePrompt = $state("");
  /** The prompt for a new picture; kept apart from what an edit of the open one asks for. */
  generatePrompt = $state("");
  /** What lies beyond the border; the prompt of an edit is about what lies within. */
  extendPrompt = $state("");
  seed = $state(0);
  /** A locked seed is used again; an unlocked one is drawn anew for each run. */
  isSeedLocked = $state(false);
  guidance = $state(1);
  temperature = $state(1);
  topK = $state(0);
  topP = $state(1);
  /** What single scales do differently; missing ones do as the rest. */
  scaleSampling = $state.raw<readonly (ScaleSampling | null)[]>([]);
  /** Share of the free tokens that are drawn anew. */
  strength = $state(1);
  /** How many are drawn together. */
  variations = $state(1);
  margins = $state.raw<Margins>(NO_MARGINS);
  factor = $state<Factor>(2);
  /** A size instead of a factor, or null. */
  targetSize = $state.raw<Size | null>(null);
  isRatioLocked = $state(true);
  speed = $state<UpscaleSpeed>("best");
  generateFactor = $state<GenerateFactor>(1);
  /** 0 faithful, 1 creative. */
  creativity = $state(0);

  readonly #randomSeed: () => number;

  constructor(randomSeed: () => number) {
    this.#randomSeed = randomSeed;
    this.rollSeed();
  }

  /** The picture has another size now: what was asked for the last one does not fit it. */
  fit(size: Size): void {
    this.margins = NO_MARGINS;
    if (this.targetSize !== null) this.targetSize = doubled(size);
  }

  /** Everything that the fields say. */
  toDraft(): DraftSettings {
    return {
      prompt: this.prompt,
      negativePrompt: this.negativePrompt,
      generatePrompt: this.generatePrompt,
      extendPrompt: this.extendPrompt,
      seed: this.seed,
      isSeedLocked: this.isSeedLocked,
      guidance: this.guidance,
      temperature: this.temperature,
      topK: this.topK,
      topP: this.topP,
      scaleSampling: this.scaleSampling,
      strength: this.strength,
      variations: this.variations,
      margins: this.margins,
      factor: this.factor,
      targetSize: this.targetSize,
      isRatioLocked: this.isRatioLocked,
      speed: this.speed,
      generateFactor: this.generateFactor,
      creativity: this.creativity,
    };
  }

  /** Fills the fields as they were. */
  restore(draft: DraftSettings): void {
    Object.assign(this, draft);
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

  setVariations(count: number): void {
    this.variations = Math.max(1, Math.min(Math.round(count), MAX_VARIATIONS));
  }

  /** Sampling as the model's maker recommends it. */
  applyDefaults(sampling: Sampling): void {
    this.guidance = sampling.guidance;
    this.temperature = sampling.temperature;
    this.topK = sampling.topK;
    this.topP = sampling.topP;
    this.scaleSampling = [];
  }

  differsFrom(sampling: Sampling): boolean {
    return (
      this.guidance !== sampling.guidance ||
      this.temperature !== sampling.temperature ||
      this.topK !== sampling.topK ||
      this.topP !== sampling.topP ||
      this.scaleSampling.some((scale) => scale !== null)
    );
  }

  /** Lets one scale draw differently from the rest; null lets it follow them again. */
  setScaleSampling(scale: number, changes: ScaleSampling | null): void {
    const length = Math.max(this.scaleSampling.length, scale + 1);
    this.scaleSampling = Array.from({ length }, (_, index) =>
      index === scale ? changes : (this.scaleSampling[index] ?? null),
    );
  }
}

function doubled({ width, height }: Size): Size {
  return { width: width * 2, height: height * 2 };
}
