import { AppError } from "../errors.js";
import { bottomOf, inflateRect, intersectRects, rightOf, type Rect } from "../rect.js";
import { allAtOnce, type Steps } from "../steps.js";
import { distanceToZero, windowMaximum } from "./distance.js";
import { maskAlphaIn, type Mask } from "./mask.js";

/** The widest feather that is suggested, in pixels. */
const WIDEST = 64;
/** Sides of the squares that are worked on at a time. */
const TILE = 512;

/**
 * A feather for what is masked, in whole pixels of the picture: a sixteenth of its smaller side. What
 * is drawn over a wide mask has its detail at a wide scale, so a narrow feather leaves a visible rim.
 */
export function suggestedFeather(bounds: Pick<Rect, "width" | "height">): number {
  return Math.min(WIDEST, Math.max(2, Math.round(Math.min(bounds.width, bounds.height) / 16)));
}

/**
 * Softens a mask inwards: values fall towards the mask's edge over `featherPx` pixels. No value
 * grows, so pixels outside the drawn mask stay untouched; no masked pixel drops to 0, and parts
 * thinner than the feather keep full strength along their middle instead of fading away.
 * @param featherPx width of the falloff, 0 for none
 * @param picture where it is given, the mask does not fade towards the picture's own border, beyond
 * which there is nothing to blend with
 * @throws AppError REQUEST_INVALID if featherPx is negative or not finite
 */
export function featherMask(mask: Mask, featherPx: number, picture?: Rect): Mask {
  return allAtOnce(featherSteps(mask, featherPx, picture));
}

/** {@link featherMask} square by square, as steps. */
export function* featherSteps(mask: Mask, featherPx: number, picture?: Rect): Steps<Mask> {
  if (!Number.isFinite(featherPx) || featherPx < 0) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a feather of 0 pixels or more but got ${featherPx}.`,
    );
  }
  const { rect } = mask;
  if (featherPx === 0 || mask.alpha.length === 0) return mask;
  // One more pixel around counts as unmasked, except beyond the picture's border.
  const around = inflateRect(rect, 1);
  const seen = picture ? intersectRects(around, picture) : around;
  const alpha = mask.alpha.slice();
  for (let y = seen.y; y < bottomOf(seen); y += TILE) {
    for (let x = seen.x; x < rightOf(seen); x += TILE) {
      const tile = intersectRects({ x, y, width: TILE, height: TILE }, seen);
      featherTile(mask, alpha, tile, { seen, featherPx });
      yield;
    }
  }
  return { rect, alpha };
}

interface Feathering {
  /** Where the mask is known to end or to go on. */
  readonly seen: Rect;
  readonly featherPx: number;
}

/** Writes the softened values of a square that are masked and lie in `seen` to `alpha`. */
function featherTile(
  mask: Mask,
  alpha: Uint8Array,
  tile: Rect,
  { seen, featherPx }: Feathering,
): void {
  const own = intersectRects(tile, mask.rect);
  if (maskAlphaIn(mask, own).every((value) => value === 0)) return;
  // A strength depends on depths that far away, those on unmasked pixels as far again and one more.
  const reach = Math.ceil(featherPx);
  const window = intersectRects(inflateRect(tile, 2 * reach + 2), seen);
  const values = maskAlphaIn(mask, window);
  if (!values.includes(0)) return;
  const { width, height } = window;
  const distances = distanceToZero(values, width, height);
  const depths = windowMaximum(distances, width, height, Math.min(reach, Math.max(width, height)));
  for (let y = own.y; y < bottomOf(own); y++) {
    const target = (y - mask.rect.y) * mask.rect.width - mask.rect.x;
    const source = (y - window.y) * width - window.x;
    for (let x = own.x; x < rightOf(own); x++) {
      const value = alpha[target + x] ?? 0;
      if (value === 0) continue;
      const strength = strengthAt(distances[source + x] ?? 0, depths[source + x] ?? 0, featherPx);
      alpha[target + x] = Math.max(1, Math.round(value * strength));
    }
  }
}

/**
 * Strength of a pixel at `distance` (>= 1) from the nearest unmasked pixel, where the mask is `depth`
 * deep nearby. The edge lies half a pixel before the first masked pixel's middle. A thin part fades
 * over its own half width, which keeps its middle at 1.
 */
function strengthAt(distance: number, depth: number, featherPx: number): number {
  if (distance === Infinity) return 1;
  const width = Math.min(featherPx, depth - 0.5);
  const t = Math.min(1, (distance - 0.5) / width);
  return t * t * (3 - 2 * t);
}
