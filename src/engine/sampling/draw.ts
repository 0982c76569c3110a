import { AppError } from "../../core/errors.js";
import { BIN_COUNT, createWeights, exponentials, type Weights } from "./exp.js";
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
 * @param guided is overwritten
 */
export function guideLogits(
  conditional: Float32Array,
  unconditional: Float32Array,
  guidance: number,
  guided: Float32Array = new Float32Array(conditional.length),
): Float32Array {
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
  const { temperature, topP } = settings;
  const weights = exponentials(logits, largestOf(logits), temperature);
  keepLikeliest(weights, settings);
  if (topP < 1) keepHeaviest(weights, topP * sumOf(weights.values), "mass");
  const sum = sumOf(weights.values);
  return weights.values.map((weight) => weight / sum);
}

/** Made anew for each token, the weights would be most of what the garbage collector has to do. */
let scratch = createWeights(0);

/** Draws a token. @throws AppError ENGINE_OUTPUT_INVALID as {@link tokenProbabilities} */
export function drawToken(logits: Float32Array, settings: DrawSettings, random: Random): number {
  // Drawn even where it is not needed, so that one temperature does not shift another's numbers.
  const share = random.next();
  const largest = largestOf(logits);
  const { temperature, topP } = settings;
  if (temperature === 0) return logits.indexOf(largest);
  if (scratch.values.length !== logits.length) scratch = createWeights(logits.length);
  const weights = exponentials(logits, largest, temperature, scratch);
  keepLikeliest(weights, settings);
  if (topP < 1) return drawFromNucleus(weights, topP, share);
  return tokenAt(weights.values, share * sumOf(weights.values)).token;
}

/** Where a nucleus is large, so many tokens are drawn from the whole before it is looked for. */
const TRIES = 2;
const LARGE_NUCLEUS = 0.5;

/**
 * Draws from the heaviest tokens that together have a share of `topP`. A token drawn from all belongs
 * to them if what is heavier has less than that; this is seen at a glance and mostly true, whereas the
 * nucleus itself takes a sort. A share that fell on another token is as good as a fresh one: where
 * within the token it fell is still even.
 */
function drawFromNucleus(weights: Weights, topP: number, share: number): number {
  const { values } = weights;
  const total = sumOf(values);
  const wanted = topP * total;
  let rest = share;
  for (let tries = 0; topP >= LARGE_NUCLEUS && tries < TRIES; tries++) {
    const { token, before } = tokenAt(values, rest * total);
    const weight = values[token] ?? 0;
    if (sumHeavierThan(values, weight) < wanted) return token;
    rest = Math.min(1, Math.max(0, (rest * total - before) / weight));
  }
  keepHeaviest(weights, wanted, "mass");
  return tokenAt(values, rest * sumOf(values)).token;
}

/** The token in whose weight a point lies when all are laid end to end, and what lies before it. */
function tokenAt(values: Float64Array, point: number): { token: number; before: number } {
  let before = 0;
  let last = 0;
  for (let token = 0; token < values.length; token++) {
    const weight = values[token] ?? 0;
    if (weight === 0) continue;
    if (point < before + weight) return { token, before };
    last = token;
    before += weight;
  }
  // Rounding can leave the point at the very end.
  return { token: last, before: before - (values[last] ?? 0) };
}

function keepLikeliest(weights: Weights, { topK }: DrawSettings): void {
  if (topK > 0 && topK < weights.values.length) keepHeaviest(weights, topK, "one");
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

function sumHeavierThan(values: Float64Array, weight: number): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    const other = values[index] ?? 0;
    sum += other > weight ? other : 0;
  }
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
