import { createRandom } from "./random.js";

/** Tells the ranks' numbers apart from those that draw tokens. */
const RANK_STREAM = 0x7fff_ffff;

/**
 * Keeps a share of the tokens to draw, those of the lowest seeded rank: a larger share holds every
 * token of a smaller one, so that turning strength up adds to what is redrawn.
 * @param isDrawn one value a token: 1 if it may be drawn
 * @param strength 0..1; 1 keeps all, 0 none
 */
export function limitToStrength(isDrawn: Uint8Array, strength: number, seed: number): Uint8Array {
  if (strength >= 1) return isDrawn;
  const random = createRandom(seed, RANK_STREAM);
  // One number a token, drawn or not, so that a token's rank does not depend on the mask.
  const ranks = Float64Array.from(isDrawn, () => random.next());
  const free = Array.from(isDrawn.keys()).filter((token) => isDrawn[token] === 1);
  free.sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0));
  const kept = new Uint8Array(isDrawn.length);
  for (const token of free.slice(0, Math.ceil(strength * free.length))) kept[token] = 1;
  return kept;
}
