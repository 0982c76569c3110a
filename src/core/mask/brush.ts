import { AppError } from "../errors.js";
import { rectFromEdges, rectOfSize, uniteRects, type Rect } from "../rect.js";
import { paintPixels, type Coverage, type PaintMode } from "./coverage.js";

/** A point in picture pixels; (0, 0) is the top left corner of the first pixel, whose middle is (0.5, 0.5). */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A round brush. */
export interface Brush {
  /** Diameter in picture pixels; below 1 it paints as 1. */
  readonly diameterPx: number;
  /** 1: a hard edge (softened over one pixel); 0: falls off from the middle. */
  readonly hardness: number;
  readonly mode: PaintMode;
}

/**
 * One dab; returns the touched rectangle.
 * @throws AppError REQUEST_INVALID if a number is not finite or the hardness is outside 0..1
 */
export function stampBrush(coverage: Coverage, brush: Brush, centre: Point): Rect {
  return strokeBrush(coverage, brush, [centre]);
}

/**
 * A stroke along straight segments between the points, without gaps; one point is one dab, none
 * paints nothing. A segment is painted by each pixel's distance to it: what dabs at every place along
 * it would leave, at the price of one. Returns the touched rectangle.
 * @throws AppError REQUEST_INVALID if a number is not finite or the hardness is outside 0..1
 */
export function strokeBrush(coverage: Coverage, brush: Brush, points: readonly Point[]): Rect {
  requireBrush(brush, points);
  let touched = rectOfSize(0, 0);
  points.forEach((to, i) => {
    if (i === 0 && points.length > 1) return;
    touched = uniteRects(touched, paintSegment(coverage, brush, points[i - 1] ?? to, to));
  });
  return touched;
}

function paintSegment(coverage: Coverage, brush: Brush, from: Point, to: Point): Rect {
  const radius = Math.max(1, brush.diameterPx) / 2;
  // The falloff is never shorter than a pixel, or edges would be jagged.
  const inner = Math.min(radius * brush.hardness, radius - 0.5);
  const outer = Math.max(radius, inner + 1);
  const bounds = rectFromEdges(
    Math.floor(Math.min(from.x, to.x) - outer),
    Math.floor(Math.min(from.y, to.y) - outer),
    Math.ceil(Math.max(from.x, to.x) + outer),
    Math.ceil(Math.max(from.y, to.y) + outer),
  );
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const lengthSquared = dx * dx + dy * dy;
  return paintPixels(coverage, bounds, brush.mode, (x, y) => {
    const along = lengthSquared > 0 ? ((x - from.x) * dx + (y - from.y) * dy) / lengthSquared : 0;
    const nearest = Math.max(0, Math.min(1, along));
    const distance = Math.hypot(x - from.x - nearest * dx, y - from.y - nearest * dy);
    const t = Math.max(0, Math.min(1, (distance - inner) / (outer - inner)));
    return 1 - t * t * (3 - 2 * t);
  });
}

function requireBrush({ diameterPx, hardness }: Brush, points: readonly Point[]): void {
  const isBrush = Number.isFinite(diameterPx) && hardness >= 0 && hardness <= 1;
  if (isBrush && points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a finite brush with hardness 0..1 and finite points but got diameter ${diameterPx}, hardness ${hardness}, ${points.length} points.`,
  );
}
