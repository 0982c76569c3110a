import { AppError } from "../errors.js";
import { inflateRect, intersectRects, type Rect } from "../rect.js";
import { distanceToZero, windowMaximum } from "./distance.js";
import { maskAlphaIn, type Mask } from "./mask.js";

/** The widest feather that is suggested, in pixels. */
const WIDEST = 64;

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
  const distances = distanceToZero(maskAlphaIn(mask, seen), seen.width, seen.height);
  const radius = Math.min(Math.ceil(featherPx), Math.max(seen.width, seen.height));
  const depths = windowMaximum(distances, seen.width, seen.height, radius);
  const alpha = mask.alpha.map((value, i) => {
    const x = (i % rect.width) + rect.x - seen.x;
    const y = Math.floor(i / rect.width) + rect.y - seen.y;
    if (value === 0 || x < 0 || y < 0 || x >= seen.width || y >= seen.height) return value;
    const at = y * seen.width + x;
    const strength = strengthAt(distances[at] ?? 0, depths[at] ?? 0, featherPx);
    return Math.max(1, Math.round(value * strength));
  });
  return { rect, alpha };
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
