import { AppError } from "../errors.js";
import {
  bottomOf,
  describeRect,
  intersectRects,
  isEmptyRect,
  isValidRect,
  rectOfSize,
  uniteRects,
  type Rect,
} from "../rect.js";

/**
 * Which pixels may change, and how much. `alpha` has `rect.width * rect.height` values, row-major:
 * 0 never changes, 255 is free. Outside `rect` everything is 0.
 */
export interface Mask {
  readonly rect: Rect;
  readonly alpha: Uint8Array;
}

/**
 * Checks a mask that came from outside.
 * @throws AppError MASK_INVALID if the rectangle is not integer or the values do not fill it
 */
export function validateMask(mask: Mask): void {
  const { rect, alpha } = mask;
  if (!isValidRect(rect)) {
    throw new AppError(
      "MASK_INVALID",
      `Expected the mask's rectangle in whole pixels but got ${describeRect(rect)}.`,
      { ...rect },
    );
  }
  const expectedLength = rect.width * rect.height;
  if (alpha.length === expectedLength) return;
  throw new AppError(
    "MASK_INVALID",
    `Expected ${expectedLength} mask values for ${describeRect(rect)} but got ${alpha.length}; pass one byte a pixel, row by row.`,
    { expectedLength, length: alpha.length },
  );
}

/** Smallest rectangle in picture pixels that holds every non-zero value, or null for an empty mask. */
export function maskBounds(mask: Mask): Rect | null {
  const { rect, alpha } = mask;
  let left = rect.width;
  let right = 0;
  let top = rect.height;
  let bottom = 0;
  for (let y = 0; y < rect.height; y++) {
    const row = y * rect.width;
    let first = 0;
    while (first < rect.width && alpha[row + first] === 0) first++;
    if (first === rect.width) continue;
    let last = rect.width - 1;
    while (alpha[row + last] === 0) last--;
    left = Math.min(left, first);
    right = Math.max(right, last + 1);
    top = Math.min(top, y);
    bottom = y + 1;
  }
  if (right === 0) return null;
  return { x: rect.x + left, y: rect.y + top, width: right - left, height: bottom - top };
}

/** The same mask with `rect` shrunk to its bounds. @throws AppError MASK_EMPTY if nothing is masked */
export function trimMask(mask: Mask): Mask {
  const rect = maskBounds(mask);
  if (rect) return { rect, alpha: maskAlphaIn(mask, rect) };
  throw new AppError(
    "MASK_EMPTY",
    "Expected a mask with at least one painted pixel but got an empty one; paint where the picture may change.",
  );
}

/** The mask's values under `rect`, `rect.width * rect.height`, 0 where the mask does not reach. */
export function maskAlphaIn(mask: Mask, rect: Rect): Uint8Array {
  const alpha = new Uint8Array(rect.width * rect.height);
  const common = intersectRects(mask.rect, rect);
  if (isEmptyRect(common)) return alpha;
  for (let y = common.y; y < bottomOf(common); y++) {
    const from = (y - mask.rect.y) * mask.rect.width + common.x - mask.rect.x;
    const to = (y - rect.y) * rect.width + common.x - rect.x;
    alpha.set(mask.alpha.subarray(from, from + common.width), to);
  }
  return alpha;
}

/** 255 where the value is at least `level` (1..255), else 0. */
export function thresholdMask(mask: Mask, level: number): Mask {
  return { rect: mask.rect, alpha: mask.alpha.map((value) => (value >= level ? 255 : 0)) };
}

/** 255 - value over a whole picture of that size. */
export function invertMask(mask: Mask, width: number, height: number): Mask {
  const rect = rectOfSize(width, height);
  return { rect, alpha: maskAlphaIn(mask, rect).map((value) => 255 - value) };
}

/** Masked where either is: the larger value, over the union of both rectangles. */
export function uniteMasks(a: Mask, b: Mask): Mask {
  const rect = uniteRects(a.rect, b.rect);
  const other = maskAlphaIn(b, rect);
  const alpha = maskAlphaIn(a, rect).map((value, i) => Math.max(value, other[i] ?? 0));
  return { rect, alpha };
}

/** `a` less `b`: `a * (255 - b) / 255`, over the rectangle of `a`. */
export function subtractMasks(a: Mask, b: Mask): Mask {
  const taken = maskAlphaIn(b, a.rect);
  const alpha = a.alpha.map((value, i) => Math.round((value * (255 - (taken[i] ?? 0))) / 255));
  return { rect: a.rect, alpha };
}
