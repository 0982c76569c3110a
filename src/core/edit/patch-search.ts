import type { Steps } from "../steps.js";
import { PixelRole, type TextureWindow } from "./texture-window.js";

/** Pixels from a patch's middle to its side: patches are 7 x 7. */
export const PATCH_RADIUS = 3;
const SIDE = 2 * PATCH_RADIUS + 1;
const AREA = SIDE * SIDE;
/** A window whose patches are compared. */
export interface PatchLevel extends TextureWindow {
  /** The window without its fine detail, as a patch's surroundings should look; like `colours`. */
  readonly guide: Float32Array;
  /** Pixels between the middles of neighbouring patches that are looked for. */
  readonly stride: number;
  /** Weight of the guide beside the picture itself, 0..1. */
  readonly guideWeight: number;
  /**
   * How much a difference of mean colours counts, which the copied patch is shifted by as far as it does
   * not: 1 as much as any other.
   */
  readonly meanWeight: number;
}

/** For each patch that meets a target, the example patch most like it. */
export interface PatchField {
  /** Pixels in the middle of the patches, in raster order. */
  readonly middles: Int32Array;
  /** For each pixel of the window the middle of the patch found for it, -1 where none was looked for. */
  readonly found: Int32Array;
  /** For each pixel of the window how unlike they are. */
  readonly costs: Float32Array;
  /** Middles of the patches that are examples all through. */
  readonly examples: Int32Array;
  /** 1 for each of these pixels. */
  readonly isExample: Uint8Array;
}

/** A field in which nothing was found yet; patches lie in the window. */
export function createPatchField(level: PatchLevel): PatchField {
  const { width, height, stride } = level;
  const targetCounts = countsOf(level, PixelRole.target);
  const exampleCounts = countsOf(level, PixelRole.example);
  const middles: number[] = [];
  const examples: number[] = [];
  const isExample = new Uint8Array(width * height);
  const isPlace = (at: number, length: number) =>
    (at - PATCH_RADIUS) % stride === 0 || at === length - 1 - PATCH_RADIUS;
  for (let y = PATCH_RADIUS; y < height - PATCH_RADIUS; y++) {
    for (let x = PATCH_RADIUS; x < width - PATCH_RADIUS; x++) {
      const middle = y * width + x;
      if (countIn(exampleCounts, width, x, y) === AREA) {
        examples.push(middle);
        isExample[middle] = 1;
      } else if (
        countIn(targetCounts, width, x, y) > 0 &&
        isPlace(x, width) &&
        isPlace(y, height)
      ) {
        middles.push(middle);
      }
    }
  }
  return {
    middles: Int32Array.from(middles),
    found: new Int32Array(width * height).fill(-1),
    costs: new Float32Array(width * height).fill(Infinity),
    examples: Int32Array.from(examples),
    isExample,
  };
}

/** For each pixel, how many pixels above and to the left of it (itself not) have a role. */
function countsOf({ width, height, roles }: TextureWindow, role: number): Int32Array {
  const stride = width + 1;
  const counts = new Int32Array(stride * (height + 1));
  for (let y = 0; y < height; y++) {
    let inRow = 0;
    for (let x = 0; x < width; x++) {
      if (roles[y * width + x] === role) inRow++;
      const at = (y + 1) * stride + x + 1;
      counts[at] = (counts[at - stride] ?? 0) + inRow;
    }
  }
  return counts;
}

/** How many pixels of the patch in whose middle (x, y) lies are counted. */
function countIn(counts: Int32Array, width: number, x: number, y: number): number {
  const stride = width + 1;
  const above = (y - PATCH_RADIUS) * stride + x - PATCH_RADIUS;
  const below = above + SIDE * stride;
  const [a = 0, b = 0] = [counts[above], counts[above + SIDE]];
  return (counts[below + SIDE] ?? 0) - (counts[below] ?? 0) - b + a;
}

/** Measures all patches again, after the picture under them changed. */
export function measurePatches(level: PatchLevel, { middles, found, costs }: PatchField): void {
  for (const middle of middles) {
    costs[middle] = patchCost(level, middle, found[middle] ?? 0, Infinity);
  }
}

/** How patches are looked for. */
export interface PatchSearch {
  /** Downwards each patch learns from those above and to the left, upwards from the others. */
  readonly way: "down" | "up";
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
  /** How far the first random try may lie, in pixels. */
  readonly reach: number;
}

/** Patches that are looked for between two pauses: some hundredths of a second. */
const PATCHES_AT_ONCE = 512;

/**
 * Looks for better patches, and yields now and then: where the neighbours' lie, and at random ever nearer to the best so far
 * (PatchMatch, Barnes et al. 2009, section 3.2).
 */
export function* searchPatches(
  level: PatchLevel,
  field: PatchField,
  { way, random, reach }: PatchSearch,
): Steps<void> {
  const { width, stride } = level;
  const { middles, found } = field;
  const step = way === "down" ? -stride : stride;
  for (let index = 0; index < middles.length; index++) {
    const middle = middles[way === "down" ? index : middles.length - 1 - index] ?? 0;
    tryExample(level, field, middle, placeFound(field, middle + step) - step);
    tryExample(level, field, middle, placeFound(field, middle + step * width) - step * width);
    for (let radius = reach; radius >= 1; radius = Math.floor(radius / 2)) {
      const best = found[middle] ?? 0;
      const x = (best % width) + Math.floor((2 * random() - 1) * (radius + 1));
      const y = Math.floor(best / width) + Math.floor((2 * random() - 1) * (radius + 1));
      if (x >= 0 && x < width) tryExample(level, field, middle, y * width + x);
    }
    if (index % PATCHES_AT_ONCE === PATCHES_AT_ONCE - 1) yield;
  }
}

/** Where a pixel's patch was found; far outside if none was looked for. */
function placeFound({ found }: PatchField, pixel: number): number {
  const place = found[pixel] ?? -1;
  return place < 0 ? -Infinity : place;
}

function tryExample(level: PatchLevel, field: PatchField, middle: number, example: number): void {
  if (field.isExample[example] !== 1 || example === field.found[middle]) return;
  const least = field.costs[middle] ?? Infinity;
  const cost = patchCost(level, middle, example, least);
  if (cost >= least) return;
  field.costs[middle] = cost;
  field.found[middle] = example;
}

/**
 * How unlike two patches are: squared differences of colours, those of the patches' means counting
 * less, and of the guide at nine points. Mean over a patch's pixels, summed over the colours.
 * @param limit a cost of which the caller wants to know no more than that it is reached
 */
function patchCost(level: PatchLevel, one: number, other: number, limit: number): number {
  const { colours, width, guideWeight, meanWeight } = level;
  const guided = guideWeight === 0 ? 0 : guideWeight * guideCost(level, one, other);
  const left = (limit - guided) * (AREA / (1 - guideWeight));
  if (left <= 0) return Infinity;
  let red = 0;
  let green = 0;
  let blue = 0;
  let squares = 0;
  for (let y = -PATCH_RADIUS; y <= PATCH_RADIUS; y++) {
    let a = 3 * (one + y * width - PATCH_RADIUS);
    let b = 3 * (other + y * width - PATCH_RADIUS);
    for (let x = 0; x < SIDE; x++, a += 3, b += 3) {
      const r = (colours[a] ?? 0) - (colours[b] ?? 0);
      const g = (colours[a + 1] ?? 0) - (colours[b + 1] ?? 0);
      const c = (colours[a + 2] ?? 0) - (colours[b + 2] ?? 0);
      red += r;
      green += g;
      blue += c;
      squares += r * r + g * g + c * c;
    }
    // What the means account for is at most all of the squares.
    if (meanWeight * squares >= left) return Infinity;
  }
  const ofMeans = (red * red + green * green + blue * blue) / AREA;
  return guided + ((1 - guideWeight) / AREA) * (squares - (1 - meanWeight) * ofMeans);
}

function guideCost({ guide, width }: PatchLevel, one: number, other: number): number {
  let squares = 0;
  for (let y = -PATCH_RADIUS; y <= PATCH_RADIUS; y += PATCH_RADIUS) {
    for (let x = -PATCH_RADIUS; x <= PATCH_RADIUS; x += PATCH_RADIUS) {
      const a = 3 * (one + y * width + x);
      const b = 3 * (other + y * width + x);
      const red = (guide[a] ?? 0) - (guide[b] ?? 0);
      const green = (guide[a + 1] ?? 0) - (guide[b + 1] ?? 0);
      const blue = (guide[a + 2] ?? 0) - (guide[b + 2] ?? 0);
      squares += red * red + green * green + blue * blue;
    }
  }
  return squares / 9;
}

/** By how much a copied patch's colours are shifted towards those that it replaces; three values. */
export function patchShift(
  { colours, width, meanWeight }: PatchLevel,
  one: number,
  other: number,
  shift: Float32Array,
): void {
  shift.fill(0);
  for (let y = -PATCH_RADIUS; y <= PATCH_RADIUS; y++) {
    for (let x = -PATCH_RADIUS; x <= PATCH_RADIUS; x++) {
      const a = 3 * (one + y * width + x);
      const b = 3 * (other + y * width + x);
      for (let channel = 0; channel < 3; channel++) {
        const difference = (colours[a + channel] ?? 0) - (colours[b + channel] ?? 0);
        shift[channel] = (shift[channel] ?? 0) + difference;
      }
    }
  }
  for (let channel = 0; channel < 3; channel++) {
    shift[channel] = ((shift[channel] ?? 0) * (1 - meanWeight)) / AREA;
  }
}
