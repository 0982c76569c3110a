import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A seeded source of randomness: the same seed and stream give the same numbers everywhere. */
export interface Random {
  /** The next number in [0, 1), a multiple of 2^-53. */
  next(): number;
}

/**
 * @param seed 0..2^32-1, the seed that a person sees
 * @param stream tells independent uses of one seed apart, such as the tiles of an upscale
 */
export function createRandom(seed: number, stream = 0): Random {
  const generator = xoroshiro128plusFromState(mixedState(seed, stream));
  return { next: () => uniformFloat64(generator) };
}

/**
 * Four scrambled words. Neighbouring seeds differ in a bit or two; the generator alone would give
 * them alike first numbers, and people do try seeds 1, 2, 3. Multipliers are those of MurmurHash3's
 * final mix; the odd step is 2^32 divided by the golden ratio.
 */
function mixedState(seed: number, stream: number): number[] {
  let word = (seed ^ Math.imul(stream, 0x85eb_ca6b)) | 0;
  return Array.from({ length: 4 }, () => {
    word = (word + 0x9e37_79b9) | 0;
    let mixed = word;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
    return mixed ^ (mixed >>> 16);
  });
}
