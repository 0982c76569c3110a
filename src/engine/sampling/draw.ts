import { AppError } from "../../core/errors.js";
import { BIN_COUNT, exponentials, type Weights } from "./exp.js";
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
  const weights = keptWeights(logits, largestOf(logits), settings);
  const sum = sumOf(weights);
  return weights.map((weight) => weight / sum);
}

/** Draws a token. @throws AppError ENGINE_OUTPUT_INVALID as {@link tokenProbabilities} */
export function drawToken(logits: Float32Array, settings: DrawSettings, random: Random): number {
  // Drawn even where it is not needed, so that one temperature does not shift another's numbers.
  const share = random.next();
  const largest = largestOf(logits);
  if (settings.temperature === 0) return logits.indexOf(largest);
  const weights = keptWeights(logits, largest, settings);
  const point = share * sumOf(weights);
  let passed = 0;
  let last = 0;
  for (let token = 0; token < weights.length; token++) {
    const weight = weights[token] ?? 0;
    if (weight === 0) continue;
    last = token;
    passed += weight;
    if (point < passed) return token;
  }
  // Rounding can leave the point at the very end.
  return last;
}

/** Weights in proportion to the probabilities. */
function keptWeights(
  logits: Float32Array,
  largest: number,
  { temperature, topK, topP }: DrawSettings,
): Float64Array {
  const weights = exponentials(logits, largest, temperature);
  const { values } = weights;
  if (topK > 0 && topK < values.length) keepHeaviest(weights, topK, "one");
  if (topP < 1) keepHeaviest(weights, topP * sumOf(values), "mass");
  return values;
}

/**
 * Drops what is lighter than the heaviest weights that together amount to `wanted`. Only the bin in
 * which that is reached has to be sorted.
 * @param unit what a weight amounts to: its own mass, or one
 */
function keepHeaviest({ values, bins }: Weights, wanted: number, unit: "mass" | "one"): void {
  const isMass = unit === "mass";
  const amounts = new Float64Array(BIN_COUNT);
  for (let token = 0; token < values.length; token++) {
    const weight = values[token] ?? 0;
    const bin = bins[token] ?? 0;
    if (weight > 0) amounts[bin] = (amounts[bin] ?? 0) + (isMass ? weight : 1);
  }
  let bin = 0;
  let reached = 0;
  while (bin < BIN_COUNT && reached + (amounts[bin] ?? 0) < wanted) reached += amounts[bin++] ?? 0;
  const inBin: number[] = [];
  for (let token = 0; token < values.length; token++) {
    if (bins[token] === bin) inBin.push(values[token] ?? 0);
  }
  inBin.sort((one, other) => other - one);
  let edge = 0;
  for (const weight of inBin) {
    edge = weight;
    reached += isMass ? weight : 1;
    if (reached >= wanted) break;
  }
  for (let token = 0; token < values.length; token++) {
    if ((values[token] ?? 0) < edge) values[token] = 0;
  }
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0;
  return sum;
}

function largestOf(logits: Float32Array): number {
  let largest = -Infinity;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token] ?? 0;
    if (logit > largest) largest = logit;
    else if (Number.isNaN(logit)) throw notFinite();
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
