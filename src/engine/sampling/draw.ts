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
  return conditional.map((value, index) => {
    const base = unconditional[index] ?? Number.NaN;
    return base + guidance * (value - base);
  });
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
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const hasTopK = topK > 0 && topK < weights.length;
  if (hasTopK || topP < 1) {
    const sorted = weights.slice().sort().reverse();
    if (hasTopK) keepFrom(weights, sorted[topK - 1] ?? 0);
    if (topP < 1) keepFrom(weights, nucleusEdge(sorted, hasTopK ? topK : sorted.length, topP));
  }
  const sum = sumOf(weights);
  return weights.map((weight) => weight / sum);
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

/** The weight of the last token that is needed to reach the share `topP` of the first `count`. */
function nucleusEdge(sorted: Float64Array, count: number, topP: number): number {
  const wanted = topP * sumOf(sorted.subarray(0, count));
  let sum = 0;
  for (let index = 0; index < count; index++) {
    sum += sorted[index] ?? 0;
    if (sum >= wanted) return sorted[index] ?? 0;
  }
  return 0;
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
