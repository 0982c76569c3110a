import { AppError } from "../../core/errors.js";
import type { Random } from "./random.js";

/** How a token is drawn from its logits; see `samplingSchema` of the contract. */
export interface DrawSettings {
  /** 0 takes the likeliest. */
  readonly temperature: number;
  /** 0 means all. */
  readonly topK: number;
  /** 1 means all. */
  readonly topP: number;
}

/**
 * Classifier-free guidance: `unconditional + guidance * (conditional - unconditional)`, so 1 is the
 * conditional alone, 0 the unconditional alone.
 */
export function guideLogits(
  conditional: Float32Array,
  unconditional: Float32Array,
  guidance: number,
): Float32Array {
  const guided = new Float32Array(conditional.length);
  for (let token = 0; token < guided.length; token++) {
    const base = unconditional[token] ?? Number.NaN;
    guided[token] = base + guidance * ((conditional[token] ?? 0) - base);
  }
  return guided;
}

/**
 * Probabilities after temperature, top-k and top-p, in that order; they sum to 1. Where several
 * tokens tie at a cut all of them stay, so that the outcome does not depend on a sort's order.
 * @param temperature above 0
 * @throws AppError ENGINE_OUTPUT_INVALID if no logit is finite or one is NaN
 */
export function tokenProbabilities(logits: Float32Array, settings: DrawSettings): Float64Array {
  const { temperature, topK, topP } = settings;
  const largest = largestOf(logits);
  const weights = new Float64Array(logits.length);
  for (let token = 0; token < weights.length; token++) {
    weights[token] = Math.exp(((logits[token] ?? 0) - largest) / temperature);
  }
  if (topK > 0 && topK < weights.length) {
    keepFrom(weights, weights.slice().sort()[weights.length - topK] ?? 0);
  }
  if (topP < 1) keepNucleus(weights, topP);
  const sum = sumOf(weights);
  for (let token = 0; token < weights.length; token++) {
    weights[token] = (weights[token] ?? 0) / sum;
  }
  return weights;
}

/** Draws a token. @throws AppError ENGINE_OUTPUT_INVALID as {@link tokenProbabilities} */
export function drawToken(logits: Float32Array, settings: DrawSettings, random: Random): number {
  // Drawn even where it is not needed, so that one temperature does not shift another's numbers.
  const point = random.next();
  if (settings.temperature === 0) return logits.indexOf(largestOf(logits));
  const probabilities = tokenProbabilities(logits, settings);
  let passed = 0;
  let last = 0;
  for (let token = 0; token < probabilities.length; token++) {
    const probability = probabilities[token] ?? 0;
    if (probability === 0) continue;
    last = token;
    passed += probability;
    if (point < passed) return token;
  }
  // Rounding can leave the sum a hair below 1.
  return last;
}

function keepFrom(weights: Float64Array, edge: number): void {
  for (let token = 0; token < weights.length; token++) {
    if ((weights[token] ?? 0) < edge) weights[token] = 0;
  }
}

/** Drops what is not among the likeliest tokens that together have the share `topP`. */
function keepNucleus(weights: Float64Array, topP: number): void {
  const total = sumOf(weights);
  // All tokens lighter than this have less than the share 1 - topP together, so none of them is
  // needed: sorting the others alone takes a fraction of the time.
  const negligible = ((1 - topP) * total) / weights.length;
  const sorted = weights.filter((weight) => weight >= negligible).sort();
  let sum = 0;
  for (let index = sorted.length - 1; index >= 0; index--) {
    sum += sorted[index] ?? 0;
    if (sum >= topP * total || index === 0) {
      keepFrom(weights, sorted[index] ?? 0);
      return;
    }
  }
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function largestOf(logits: Float32Array): number {
  let largest = -Infinity;
  for (const logit of logits) {
    if (Number.isNaN(logit)) throw notFinite();
    if (logit > largest) largest = logit;
  }
  if (!Number.isFinite(largest)) throw notFinite();
  return largest;
}

function notFinite(): AppError {
  return new AppError(
    "ENGINE_OUTPUT_INVALID",
    "Expected finite logits from the model but got others; its device computes wrongly, choose another one.",
  );
}
