import type { Steps } from "../steps.js";
import { fillFromRim } from "./fill-from-rim.js";
import { meetRim } from "./meet-rim.js";
import {
  createPatchField,
  measurePatches,
  PATCH_RADIUS,
  patchShift,
  searchPatches,
  type PatchField,
  type PatchLevel,
} from "./patch-search.js";
import { enlargeLinearly, halveWindow, PixelRole, type TextureWindow } from "./texture-window.js";

/** What decides which examples are taken. */
export interface TextureWay {
  /** Rounds of looking for patches and of putting the picture together: of each level of the pyramid, the finest first. */
  readonly rounds: readonly number[];
  readonly guideWeight: number;
  readonly meanWeight: number;
  /** Texture is left out where the examples are unlike what was drawn. */
  readonly isLimited: boolean;
}

/** What was drawn is there to be seen: its layout and its colours. */
export const DRAWN: TextureWay = {
  rounds: [2, 3, 5],
  guideWeight: 0.3,
  meanWeight: 0.6,
  isLimited: true,
};

/** What was drawn only holds the place: the surroundings are continued as they are. */
export const FILLED: TextureWay = {
  rounds: [2, 4, 8, 16],
  guideWeight: 0,
  meanWeight: 1,
  isLimited: false,
};

/** Levels up from the window at which what was drawn has no fine detail. */
const COARSE = 2;
/** Fewer example patches than these are no choice. */
const LEAST_EXAMPLES = 64;
/** Share of the patches that are less unlike than the one by which likeness is judged. */
const QUANTILE = 0.75;
/** A patch that is so many of those unlike counts half (at the fourth power) of one that fits exactly. */
const SOFTNESS = 0.1;
/** Mean difference of colours in [-1, 1], without fine detail, up to which texture is taken, and from which on none is. */
const FULL_UP_TO = 0.2;
const NONE_FROM = 0.45;

/** A window whose targets have texture of the examples. */
export interface BorrowedTexture {
  /** Like the window's; those of pixels that are no targets are unchanged. */
  readonly colours: Float32Array;
  /** For each target the example pixel that it is mostly made from; -1 for none and for other pixels. */
  readonly sources: Int32Array;
  /** How much of `colours` should be taken at each pixel, 0..1: 0 where no example is like what was drawn. */
  readonly shares: Float32Array;
}

/**
 * Puts what was drawn together again from patches of the picture around it: guided by what was drawn
 * without its fine detail, which a small model draws well, and in place of the fine detail, which it
 * does not. From coarse to fine each patch that meets a target looks for the example most like it and
 * like the guide; then each target becomes the mean of what the patches over it found, those that fit
 * best counting most (Wexler et al. 2007, section 3; PatchMatch, Barnes et al. 2009; the guide as in
 * Hertzmann et al. 2001, Image Analogies).
 *
 * What was removed has no guide; then the coarsest level is filled from the rim first.
 *
 * It yields every few hundredths of a second, so that a caller may stop.
 * @param random numbers in [0, 1) from an explicit generator: the same give the same texture
 * @returns null where there are too few examples
 */
export function* borrowTexture(
  window: TextureWindow,
  random: () => number,
  way: TextureWay = DRAWN,
): Steps<BorrowedTexture | null> {
  if (!window.roles.includes(PixelRole.target)) return null;
  const pyramid = [window];
  while (pyramid.length < way.rounds.length) pyramid.push(halveWindow(pyramid.at(-1) ?? window));
  const guide = pyramid[COARSE] ?? window;
  let coarser: MatchedLevel | null = null;
  for (let depth = pyramid.length - 1; depth >= 0; depth--) {
    const own = pyramid[depth] ?? window;
    const level: PatchLevel = {
      ...own,
      colours: own.colours.slice(),
      guide: enlargeLinearly({ ...guide, data: guide.colours }, 3, own),
      stride: depth === 0 ? 2 : 1,
      guideWeight: way.guideWeight,
      meanWeight: way.meanWeight,
    };
    yield;
    coarser = (yield* matchLevel(level, coarser, way.rounds[depth] ?? 0, random)) ?? coarser;
  }
  if (coarser === null || coarser.level.width !== window.width) return null;
  const { level, field } = coarser;
  const sources = assemble(level, field);
  yield;
  if (!way.isLimited) meetRim(level, field);
  yield;
  const shares = way.isLimited
    ? sharesOf(window, level.colours, sources)
    : Float32Array.from(sources, (source) => (source < 0 ? 0 : 1));
  return { colours: level.colours, sources, shares };
}

interface MatchedLevel {
  readonly level: PatchLevel;
  readonly field: PatchField;
}

/** One level's rounds; null where it has too few examples. */
function* matchLevel(
  level: PatchLevel,
  coarser: MatchedLevel | null,
  rounds: number,
  random: () => number,
): Steps<MatchedLevel | null> {
  const field = createPatchField(level);
  yield;
  if (field.examples.length < LEAST_EXAMPLES) return null;
  start(level, field, coarser, random);
  if (coarser === null && level.guideWeight === 0) fillFromRim(level, field, random);
  yield;
  measurePatches(level, field);
  if (coarser !== null) assemble(level, field);
  yield;
  const longer = Math.max(level.width, level.height);
  const reach = coarser === null ? longer : longer / 8;
  for (let round = 0; round < rounds; round++) {
    if (round > 0 || coarser !== null) measurePatches(level, field);
    yield;
    for (const way of ["down", "up"] as const) {
      yield* searchPatches(level, field, { way, random, reach: Math.floor(reach) });
      yield;
    }
    if (round < rounds - 1) assemble(level, field);
  }
  return { level, field };
}

/** Patches where the coarser level found them, and anywhere else at random. */
function start(
  { width }: PatchLevel,
  { middles, found, examples, isExample }: PatchField,
  coarser: MatchedLevel | null,
  random: () => number,
): void {
  for (const middle of middles) {
    const x = middle % width;
    const y = Math.floor(middle / width);
    let example = -1;
    if (coarser !== null) {
      const { width: columns, height: rows } = coarser.level;
      const row = Math.min(Math.floor(y / 2), rows - 1 - PATCH_RADIUS);
      const column = Math.min(Math.floor(x / 2), columns - 1 - PATCH_RADIUS);
      const at = Math.max(row, PATCH_RADIUS) * columns + Math.max(column, PATCH_RADIUS);
      const place = coarser.field.found[at] ?? -1;
      if (place >= 0) {
        example = (2 * Math.floor(place / columns) + (y % 2)) * width;
        example += 2 * (place % columns) + (x % 2);
      }
    }
    found[middle] =
      isExample[example] === 1 ? example : (examples[Math.floor(random() * examples.length)] ?? -1);
  }
}

/**
 * Makes each target the weighted mean of what the patches over it found.
 * @returns for each target the example pixel with the greatest weight, -1 elsewhere
 */
function assemble(level: PatchLevel, { middles, found, costs }: PatchField): Int32Array {
  const { width, height, colours, roles } = level;
  const sums = new Float32Array(3 * width * height);
  const weights = new Float32Array(width * height);
  const heaviest = new Float32Array(width * height);
  const sources = new Int32Array(width * height).fill(-1);
  const soft = SOFTNESS * quantileOf(middles, costs) + 1e-6;
  const shift = new Float32Array(3);
  for (const middle of middles) {
    const example = found[middle] ?? 0;
    const likeness = soft / (soft + (costs[middle] ?? 0));
    const weight = likeness * likeness * likeness * likeness;
    patchShift(level, middle, example, shift);
    for (let y = -PATCH_RADIUS; y <= PATCH_RADIUS; y++) {
      for (let x = -PATCH_RADIUS; x <= PATCH_RADIUS; x++) {
        const pixel = middle + y * width + x;
        if (roles[pixel] !== PixelRole.target) continue;
        const from = example + y * width + x;
        weights[pixel] = (weights[pixel] ?? 0) + weight;
        for (let channel = 0; channel < 3; channel++) {
          const value = (colours[3 * from + channel] ?? 0) + (shift[channel] ?? 0);
          sums[3 * pixel + channel] = (sums[3 * pixel + channel] ?? 0) + weight * value;
        }
        if (weight <= (heaviest[pixel] ?? 0)) continue;
        heaviest[pixel] = weight;
        sources[pixel] = from;
      }
    }
  }
  for (let pixel = 0; pixel < weights.length; pixel++) {
    const weight = weights[pixel] ?? 0;
    if (weight === 0) continue;
    for (let channel = 0; channel < 3; channel++) {
      colours[3 * pixel + channel] = (sums[3 * pixel + channel] ?? 0) / weight;
    }
  }
  return sources;
}

function quantileOf(middles: Int32Array, costs: Float32Array): number {
  const sorted = Float32Array.from(middles, (middle) => costs[middle] ?? 0).sort();
  return sorted[Math.floor(QUANTILE * (sorted.length - 1))] ?? 0;
}

/** Texture is taken where, without fine detail, it is what was drawn. */
function sharesOf(window: TextureWindow, colours: Float32Array, sources: Int32Array): Float32Array {
  let drawn = window;
  let made: TextureWindow = { ...window, colours };
  for (let level = 0; level < COARSE; level++) {
    drawn = halveWindow(drawn);
    made = halveWindow(made);
  }
  const { width, height } = drawn;
  const shares = new Float32Array(width * height);
  for (let pixel = 0; pixel < shares.length; pixel++) {
    let squares = 0;
    for (let channel = 0; channel < 3; channel++) {
      const at = 3 * pixel + channel;
      squares += ((drawn.colours[at] ?? 0) - (made.colours[at] ?? 0)) ** 2;
    }
    const unlike = Math.sqrt(squares / 3);
    shares[pixel] = Math.max(0, Math.min(1, (NONE_FROM - unlike) / (NONE_FROM - FULL_UP_TO)));
  }
  return enlargeLinearly({ width, height, data: shares }, 1, window).map((share, pixel) =>
    (sources[pixel] ?? -1) < 0 ? 0 : share,
  );
}
