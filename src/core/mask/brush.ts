import { AppError } from "../errors.js";
import type { Rect } from "../rect.js";
import type { Coverage, PaintMode } from "./coverage.js";

/** A point in picture pixels; (0, 0) is the top left corner of the first pixel, whose middle is (0.5, 0.5). */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A round brush. */
export interface Brush {
  /** Diameter in picture pixels, > 0. */
  readonly diameterPx: number;
  /** 1: a hard edge (softened over one pixel); 0: falls off from the middle. */
  readonly hardness: number;
  readonly mode: PaintMode;
}

/** One dab; returns the touched rectangle. Values take the maximum (or minimum) of old and dab, so overlapping dabs do not build up. */
export function stampBrush(_coverage: Coverage, _brush: Brush, _centre: Point): Rect {
  throw new AppError("INTERNAL", "not written yet");
}

/**
 * A stroke along straight segments between the points, without gaps; one point is one dab.
 * Returns the touched rectangle.
 */
export function strokeBrush(_coverage: Coverage, _brush: Brush, _points: readonly Point[]): Rect {
  throw new AppError("INTERNAL", "not written yet");
}
