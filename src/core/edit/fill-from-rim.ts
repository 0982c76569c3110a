import { PATCH_RADIUS, type PatchField, type PatchLevel } from "./patch-search.js";
import { PixelRole } from "./texture-window.js";

/** How much less alike than the best an example may be that is taken: so each seed fills otherwise. */
const TOLERANCE = 1.3;

/**
 * Fills the targets ring after ring from outside, each pixel with the one that lies in its place in the
 * example most like what is known around it so far, or in one hardly less so (Efros and Leung 1999). All
 * examples are looked at, so this is for small windows.
 * @param random numbers in [0, 1)
 */
export function fillFromRim(level: PatchLevel, field: PatchField, random: () => number): void {
  const { width, height, roles, colours } = level;
  const isKnown = roles.map((role) => (role === PixelRole.example ? 1 : 0));
  for (;;) {
    const ring = rimOf(isKnown, roles, width);
    if (ring.length === 0) return;
    for (const pixel of ring) {
      const middle = middleNear(pixel, width, height);
      const example = anyAlike(level, field.examples, isKnown, middle, random());
      const from = example + pixel - middle;
      colours.copyWithin(3 * pixel, 3 * from, 3 * from + 3);
      field.found[middle] = example;
    }
    for (const pixel of ring) isKnown[pixel] = 1;
  }
}

/** Targets beside something known, in raster order; all that are left if nothing is known. */
function rimOf(isKnown: Uint8Array, roles: Uint8Array, width: number): number[] {
  const left: number[] = [];
  const rim: number[] = [];
  for (const [pixel, role] of roles.entries()) {
    if (role !== PixelRole.target || isKnown[pixel] === 1) continue;
    left.push(pixel);
    const isBeside =
      isKnown[pixel - width] === 1 ||
      isKnown[pixel + width] === 1 ||
      (pixel % width > 0 && isKnown[pixel - 1] === 1) ||
      (pixel % width < width - 1 && isKnown[pixel + 1] === 1);
    if (isBeside) rim.push(pixel);
  }
  return rim.length > 0 ? rim : left;
}

/** Middle of the patch in the window that has a pixel nearest to its own middle. */
function middleNear(pixel: number, width: number, height: number): number {
  const clamp = (at: number, length: number) =>
    Math.max(PATCH_RADIUS, Math.min(length - 1 - PATCH_RADIUS, at));
  return clamp(Math.floor(pixel / width), height) * width + clamp(pixel % width, width);
}

/**
 * One of the examples that differ least from a patch where that is known.
 * @param share which of them, in [0, 1)
 */
function anyAlike(
  { width, colours }: PatchLevel,
  examples: Int32Array,
  isKnown: Uint8Array,
  middle: number,
  share: number,
): number {
  const offsets: number[] = [];
  for (let y = -PATCH_RADIUS; y <= PATCH_RADIUS; y++) {
    for (let x = -PATCH_RADIUS; x <= PATCH_RADIUS; x++) {
      if (isKnown[middle + y * width + x] === 1) offsets.push(3 * (y * width + x));
    }
  }
  const costs = new Float64Array(examples.length).fill(Infinity);
  let least = Infinity;
  for (const [index, example] of examples.entries()) {
    let cost = 0;
    for (const offset of offsets) {
      const one = 3 * middle + offset;
      const other = 3 * example + offset;
      for (let channel = 0; channel < 3; channel++) {
        cost += ((colours[one + channel] ?? 0) - (colours[other + channel] ?? 0)) ** 2;
      }
      if (cost > TOLERANCE * least) break;
    }
    costs[index] = cost;
    least = Math.min(least, cost);
  }
  const alike = examples.filter((_, index) => (costs[index] ?? 0) <= TOLERANCE * least);
  return alike[Math.floor(share * alike.length)] ?? 0;
}
