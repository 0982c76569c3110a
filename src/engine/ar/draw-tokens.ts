import { drawToken, guideLogits, type DrawSettings } from "../sampling/draw.js";
import type { Random } from "../sampling/random.js";
import type { Model } from "../bundle/model.js";
import { ArSession, type BatchLogits, type TextPrefix } from "./ar-session.js";

/**
 * Positions fed at once at most. Longer runs of forced tokens would be faster in one piece, but a
 * running graph cannot be cancelled, and a cancel should take less than a tenth of a second.
 */
const MAX_CHUNK = 64;

/** Which tokens are drawn, and what the others are. */
export interface TokenPlan {
  /** One code a token; those to be drawn may hold anything. */
  readonly codes: Int32Array;
  /** One value a token: 1 if it is to be drawn, 0 if its code is forced. */
  readonly isDrawn: Uint8Array;
}

export interface DrawOptions extends DrawSettings {
  /** Weight of the prompt; used if the prefix holds two sequences. */
  readonly guidance: number;
  readonly random: Random;
  /** Lets the event loop turn and throws if the job was cancelled; called between steps. */
  readonly pause: () => Promise<void>;
  /** Called after each drawn token. */
  readonly onToken?: (scale: number) => void;
  /** Called when the last drawn token of a scale is there, with all codes so far. */
  readonly onScale?: (scale: number, codes: Int32Array) => Promise<void>;
}

/**
 * Draws the missing tokens one after another, coarse to fine. Runs of forced tokens are fed together
 * with the next drawn one, so the cost follows the tokens that are really drawn.
 * @returns all codes, forced ones unchanged
 */
export async function drawTokens(
  model: Model,
  prefix: TextPrefix,
  plan: TokenPlan,
  options: DrawOptions,
): Promise<Int32Array> {
  const { tokensPerScale } = model.layout;
  const codes = plan.codes.slice();
  const session = ArSession.after(model, prefix);
  const drawn = drawnTokens(plan.isDrawn);
  let fed = 0;
  for (const [index, token] of drawn.entries()) {
    await options.pause();
    while (token - fed >= MAX_CHUNK) {
      await session.logitsOf(fed, fed + MAX_CHUNK - 1, codes);
      fed += MAX_CHUNK;
      await options.pause();
    }
    const logits = await session.logitsOf(fed, token, codes);
    codes[token] = drawToken(combine(logits, options.guidance), options, options.random);
    fed = token + 1;
    const scale = Math.floor(token / tokensPerScale);
    options.onToken?.(scale);
    const next = drawn[index + 1];
    const isLastOfScale = next === undefined || Math.floor(next / tokensPerScale) !== scale;
    if (isLastOfScale) await options.onScale?.(scale, codes);
  }
  return codes;
}

/** Indices of the tokens to draw, ascending. */
export function drawnTokens(isDrawn: Uint8Array): number[] {
  return Array.from(isDrawn.keys()).filter((token) => isDrawn[token] === 1);
}

function combine([conditional, unconditional]: BatchLogits, guidance: number): Float32Array {
  if (conditional === undefined) return new Float32Array(0);
  return unconditional === undefined
    ? conditional
    : guideLogits(conditional, unconditional, guidance);
}
