import { AppError } from "../errors.js";
import type { Rect } from "../rect.js";

/**
 * Which pixels may change, and how much. `alpha` has `rect.width * rect.height` values, row-major:
 * 0 never changes, 255 is free. Outside `rect` everything is 0.
 */
export interface Mask {
  readonly rect: Rect;
  readonly alpha: Uint8Array;
}

/** @throws AppError MASK_INVALID if the rectangle is not integer or the values do not fill it */
export function validateMask(_mask: Mask): void {
  throw new AppError("INTERNAL", "not written yet");
}

/** Smallest rectangle in picture pixels that holds every non-zero value, or null for an empty mask. */
export function maskBounds(_mask: Mask): Rect | null {
  throw new AppError("INTERNAL", "not written yet");
}

/** The same mask with `rect` shrunk to its bounds. @throws AppError MASK_EMPTY if nothing is masked */
export function trimMask(_mask: Mask): Mask {
  throw new AppError("INTERNAL", "not written yet");
}

/** The mask's values under `rect`, `rect.width * rect.height`, 0 where the mask does not reach. */
export function maskAlphaIn(_mask: Mask, _rect: Rect): Uint8Array {
  throw new AppError("INTERNAL", "not written yet");
}

/** 255 where the value is at least `level` (1..255), else 0. */
export function thresholdMask(_mask: Mask, _level: number): Mask {
  throw new AppError("INTERNAL", "not written yet");
}

/** 255 - value over a whole picture of that size. */
export function invertMask(_mask: Mask, _width: number, _height: number): Mask {
  throw new AppError("INTERNAL", "not written yet");
}

/** Masked where either is: the larger value, over the union of both rectangles. */
export function uniteMasks(_a: Mask, _b: Mask): Mask {
  throw new AppError("INTERNAL", "not written yet");
}

/** `a` less `b`: `a * (255 - b) / 255`, over the rectangle of `a`. */
export function subtractMasks(_a: Mask, _b: Mask): Mask {
  throw new AppError("INTERNAL", "not written yet");
}
