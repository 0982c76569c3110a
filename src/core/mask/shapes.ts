import { AppError } from "../errors.js";
import { describeRect, isValidRect, rectFromEdges, type Rect } from "../rect.js";
import type { Point } from "./brush.js";
import { paintPixels, type Coverage, type PaintMode } from "./coverage.js";
import { paintSpans } from "./spans.js";

/**
 * Fills the pixels of `rect`; returns the touched rectangle.
 * @throws AppError REQUEST_INVALID if `rect` is not in whole pixels
 */
export function fillRectangle(coverage: Coverage, rect: Rect, mode: PaintMode): Rect {
  requireWhole(rect);
  return paintPixels(coverage, rect, mode, () => 1);
}

/**
 * Fills the ellipse that touches the sides of `rect`, its edge softened by 4 x 4 samples a pixel.
 * @throws AppError REQUEST_INVALID if `rect` is not in whole pixels
 */
export function fillEllipse(coverage: Coverage, rect: Rect, mode: PaintMode): Rect {
  requireWhole(rect);
  const centreX = rect.x + rect.width / 2;
  const centreY = rect.y + rect.height / 2;
  return paintSpans(coverage, rect, mode, (y) => {
    const up = (y - centreY) / (rect.height / 2);
    const half = (rect.width / 2) * Math.sqrt(Math.max(0, 1 - up * up));
    return [centreX - half, centreX + half];
  });
}

/**
 * Fills a closed polygon (lasso) by the even-odd rule, its edge softened by 4 x 4 samples a pixel.
 * Fewer than three points enclose nothing. Returns the touched rectangle.
 * @throws AppError REQUEST_INVALID if a coordinate is not finite
 */
export function fillPolygon(coverage: Coverage, points: readonly Point[], mode: PaintMode): Rect {
  if (!points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected finite corners but one of ${points.length} is not.`,
    );
  }
  if (points.length < 3) return rectFromEdges(0, 0, 0, 0);
  const bounds = rectFromEdges(
    Math.floor(points.reduce((least, { x }) => Math.min(least, x), Infinity)),
    Math.floor(points.reduce((least, { y }) => Math.min(least, y), Infinity)),
    Math.ceil(points.reduce((most, { x }) => Math.max(most, x), -Infinity)),
    Math.ceil(points.reduce((most, { y }) => Math.max(most, y), -Infinity)),
  );
  return paintSpans(coverage, bounds, mode, (y) => crossings(points, y));
}

/** Where the polygon's sides cross a horizontal line, ascending; always an even number of places. */
function crossings(points: readonly Point[], y: number): number[] {
  const places: number[] = [];
  let from = points.at(-1);
  for (const to of points) {
    if (from && from.y <= y !== to.y <= y) {
      places.push(from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x));
    }
    from = to;
  }
  return places.sort((a, b) => a - b);
}

function requireWhole(rect: Rect): void {
  if (isValidRect(rect)) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a rectangle in whole pixels but got ${describeRect(rect)}.`,
    { ...rect },
  );
}
