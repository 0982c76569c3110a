import {
  bottomOf,
  intersectRects,
  rectFromEdges,
  rectOfSize,
  rightOf,
  type Rect,
} from "../rect.js";
import type { Point } from "./brush.js";
import { requireFinite, requireWholePixels, type TiledMask } from "./tiled-mask.js";

/** Samples along each side of a pixel, by which edges are softened. */
const SAMPLES = 4;

/**
 * Fills the pixels of `rect`; returns those that lie in the picture.
 * @throws AppError REQUEST_INVALID if `rect` is not in whole pixels
 */
export function fillRectangle(mask: TiledMask, rect: Rect): Rect {
  requireWholePixels(rect);
  const inside = intersectRects(rect, mask.rect);
  for (const index of mask.tilesIn(inside)) {
    const tile = mask.tileRect(index);
    const part = intersectRects(tile, inside);
    if (part.width === tile.width && part.height === tile.height) mask.setTile(index, 255);
    else for (let y = part.y; y < bottomOf(part); y++) mask.fillSpan(y, part.x, rightOf(part), 255);
  }
  return inside;
}

/**
 * Fills the ellipse that touches the sides of `rect`, its edge softened by 4 x 4 samples a pixel.
 * @throws AppError REQUEST_INVALID if `rect` is not in whole pixels
 */
export function fillEllipse(mask: TiledMask, rect: Rect): Rect {
  requireWholePixels(rect);
  const centreX = rect.x + rect.width / 2;
  const centreY = rect.y + rect.height / 2;
  return fillSpans(mask, rect, (y) => {
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
export function fillPolygon(mask: TiledMask, points: readonly Point[]): Rect {
  requireFinite(
    "corners",
    points.flatMap(({ x, y }) => [x, y]),
  );
  if (points.length < 3) return rectOfSize(0, 0);
  const bounds = rectFromEdges(
    Math.floor(points.reduce((least, { x }) => Math.min(least, x), Infinity)),
    Math.floor(points.reduce((least, { y }) => Math.min(least, y), Infinity)),
    Math.ceil(points.reduce((most, { x }) => Math.max(most, x), -Infinity)),
    Math.ceil(points.reduce((most, { y }) => Math.max(most, y), -Infinity)),
  );
  return fillSpans(mask, bounds, (y) => crossings(points, y));
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

/**
 * Fills a shape that is given by horizontal spans: `spansAt(y)` lists x from, to, from, to, ...
 * ascending. Each pixel's value is the share of its 4 x 4 samples that lie in a span.
 */
function fillSpans(mask: TiledMask, bounds: Rect, spansAt: (y: number) => readonly number[]): Rect {
  const inside = intersectRects(bounds, mask.rect);
  const counts = new Uint8Array(inside.width);
  for (let y = inside.y; y < bottomOf(inside); y++) {
    counts.fill(0);
    for (let sample = 0; sample < SAMPLES; sample++) {
      const spans = spansAt(y + (sample + 0.5) / SAMPLES);
      for (let i = 0; i + 1 < spans.length; i += 2) {
        countSamples(counts, inside, spans[i] ?? 0, spans[i + 1] ?? 0);
      }
    }
    writeCounts(mask, inside, y, counts);
  }
  return inside;
}

/** Writes a row of sample counts as runs of equal values. */
function writeCounts(mask: TiledMask, inside: Rect, y: number, counts: Uint8Array): void {
  for (let x = 0; x < counts.length;) {
    const count = counts[x] ?? 0;
    let end = x + 1;
    while (end < counts.length && counts[end] === count) end++;
    if (count > 0) {
      const value = Math.round((255 * count) / (SAMPLES * SAMPLES));
      mask.fillSpan(y, inside.x + x, inside.x + end, value);
    }
    x = end;
  }
}

/** Adds to each pixel how many of the row's samples lie in [from, to). */
function countSamples(counts: Uint8Array, inside: Rect, from: number, to: number): void {
  const sampleFrom = Math.ceil((Math.max(from, inside.x) - inside.x) * SAMPLES - 0.5);
  const sampleTo = Math.ceil((Math.min(to, rightOf(inside)) - inside.x) * SAMPLES - 0.5);
  for (let sample = sampleFrom; sample < sampleTo;) {
    const pixel = Math.floor(sample / SAMPLES);
    const next = Math.min(sampleTo, (pixel + 1) * SAMPLES);
    counts[pixel] = (counts[pixel] ?? 0) + next - sample;
    sample = next;
  }
}
