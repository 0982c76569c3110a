import { AppError } from "../errors.js";
import type { Rect } from "../rect.js";
import type { Mask } from "./mask.js";

/**
 * A picture-sized mask that is being drawn: mutable, so that a brush costs the pixels it touches and
 * not the picture. Every drawing function returns the rectangle it may have changed (clipped to the
 * buffer, possibly empty), for redrawing and for undo.
 */
export interface Coverage {
  readonly width: number;
  readonly height: number;
  /** `width * height`, row-major, 0..255. */
  readonly alpha: Uint8Array;
}

/** "add" raises values towards 255, "erase" lowers them towards 0. */
export type PaintMode = "add" | "erase";

/** An empty mask for a picture of that size. */
export function createCoverage(_width: number, _height: number): Coverage {
  throw new AppError("INTERNAL", "not written yet");
}

/** Bounds of everything drawn, or null. */
export function coverageBounds(_coverage: Coverage): Rect | null {
  throw new AppError("INTERNAL", "not written yet");
}

/** A trimmed copy to send with a request, or null if nothing is drawn. */
export function coverageToMask(_coverage: Coverage): Mask | null {
  throw new AppError("INTERNAL", "not written yet");
}

/** Copy of the values under `rect` (inside the buffer), for an undo entry. */
export function readCoverage(_coverage: Coverage, _rect: Rect): Uint8Array {
  throw new AppError("INTERNAL", "not written yet");
}

/** Puts values back that {@link readCoverage} took. */
export function writeCoverage(_coverage: Coverage, _rect: Rect, _alpha: Uint8Array): Rect {
  throw new AppError("INTERNAL", "not written yet");
}

/** Turns masked into free and back, everywhere. */
export function invertCoverage(_coverage: Coverage): Rect {
  throw new AppError("INTERNAL", "not written yet");
}

/** Empties the mask; returns what was covered. */
export function clearCoverage(_coverage: Coverage): Rect {
  throw new AppError("INTERNAL", "not written yet");
}
