import { AppError } from "../../core/errors.js";
import type { Random } from "./random.js";
import { WeighedTokens, type GuidedLogits } from "./weighed-tokens.js";

/** How a token is drawn from its logits; see `samplingSchema` of the contract. */
export interface DrawSettings {
  /** 0 takes the likeliest. */
  readonly temperature: number;
  /** 0 means all. */
  readonly topK: number;
  /** 1 means all. */
  readonly topP: number;
}

/** One token is drawn at a time. */
const tokens = new WeighedTokens();

/**
 * Probabilities after guidance, temperature, top-k and top-p, in that order; they sum to 1. Where
 * several tokens tie at a cut all of them stay, so that the outcome does not depend on a sort's order.
 * @param settings its temperature is above 0
 * @throws AppError ENGINE_OUTPUT_INVALID if no logit is finite or one is NaN
 */
export function tokenProbabilities(guided: GuidedLogits, settings: DrawSettings): Float64Array {
  const { temperature, topP } = settings;
  tokens.load(guided);
  tokens.weigh(largestLogit(), temperature);
  keepLikeliest(settings);
  if (topP < 1) keepHeaviest(topP * tokens.total, "mass");
  const weights = Float64Array.from(tokens.weights);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Draws a token. @throws AppError ENGINE_OUTPUT_INVALID as {@link tokenProbabilities} */
export function drawToken(guided: GuidedLogits, settings: DrawSettings, random: Random): number {
  // Drawn even where it is not needed, so that one temperature does not shift another's numbers.
  const share = random.next();
  tokens.load(guided);
  const largest = largestLogit();
  const { temperature, topP } = settings;
  if (temperature === 0) return tokens.logits.indexOf(largest);
  tokens.weigh(largest, temperature);
  keepLikeliest(settings);
  if (topP < 1) return drawFromNucleus(topP, share);
  return tokens.at(share * tokens.total).token;
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
function drawFromNucleus(topP: number, share: number): number {
  const { total } = tokens;
  const wanted = topP * total;
  let rest = share;
  for (let tries = 0; topP >= LARGE_NUCLEUS && tries < TRIES; tries++) {
    const { token, before } = tokens.at(rest * total);
    const weight = tokens.weights[token] ?? 0;
    if (tokens.heavierThan(weight) < wanted) return token;
    rest = Math.min(1, Math.max(0, (rest * total - before) / weight));
  }
  keepHeaviest(wanted, "mass");
  return tokens.at(rest * tokens.total).token;
}

function keepLikeliest({ topK }: DrawSettings): void {
  if (topK > 0 && topK < tokens.weights.length) keepHeaviest(topK, "one");
}

/** Bits of a positive float by whose first ones weights are sorted into bins: the more, the heavier. */
const UNUSED_BITS = 19;
/** 1, the heaviest weight, lies in the last bin. */
const BIN_COUNT = (0x3f80_0000 >> UNUSED_BITS) + 1;
/** What each bin amounts to; made once. */
const amounts = new Float64Array(BIN_COUNT);

/**
 * Drops what is lighter than the heaviest weights that together amount to `wanted`. Only the bin in
 * which that is reached has to be sorted.
 * @param unit what a weight amounts to: its own mass, or one
 */
function keepHeaviest(wanted: number, unit: "mass" | "one"): void {
  const { weights } = tokens;
  const bits = new Uint32Array(weights.buffer, weights.byteOffset, weights.length);
  const amount = (weight: number) => (unit === "mass" ? weight : 1);
  amounts.fill(0);
  for (let token = 0; token < weights.length; token++) {
    const weight = weights[token] ?? 0;
    const bin = (bits[token] ?? 0) >> UNUSED_BITS;
    if (weight > 0) amounts[bin] = (amounts[bin] ?? 0) + amount(weight);
  }
  let bin = BIN_COUNT - 1;
  let reached = 0;
  while (bin >= 0 && reached + (amounts[bin] ?? 0) < wanted) reached += amounts[bin--] ?? 0;
  const inBin = weights
    .filter((weight, token) => weight > 0 && (bits[token] ?? 0) >> UNUSED_BITS === bin)
    .sort((one, other) => other - one);
  let edge = 0;
  for (const weight of inBin) {
    edge = weight;
    reached += amount(weight);
    if (reached >= wanted) break;
  }
  tokens.drop(edge);
}

/** @throws AppError ENGINE_OUTPUT_INVALID if it is not finite */
function largestLogit(): number {
  const { largest } = tokens;
  if (Number.isFinite(largest)) return largest;
  throw new AppError(
    "ENGINE_OUTPUT_INVALID",
    "Expected finite logits from the model but got others; its device computes wrongly, choose another one.",
  );
}
