/** Integer rectangles in pixels: `x`, `y` is the top left pixel, the right and bottom edges are exclusive. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** How far something reaches beyond each side, in pixels, each >= 0. */
export interface Padding {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The rectangle that covers a whole picture of that size. */
export function rectOfSize(width: number, height: number): Rect {
  return { x: 0, y: 0, width, height };
}

/** The rectangle from the top left pixel to the exclusive bottom right corner; never negative in size. */
export function rectFromEdges(left: number, top: number, right: number, bottom: number): Rect {
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}

/** First column to the right of the rectangle. */
export function rightOf(rect: Rect): number {
  return rect.x + rect.width;
}

/** First row below the rectangle. */
export function bottomOf(rect: Rect): number {
  return rect.y + rect.height;
}

/** True if the rectangle holds no pixel. */
export function isEmptyRect(rect: Rect): boolean {
  return rect.width <= 0 || rect.height <= 0;
}

/** True if both cover the same pixels at the same place. */
export function rectsEqual(a: Rect, b: Rect): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

/** The pixels that lie in both; an empty rectangle (width or height 0) where they do not meet. */
export function intersectRects(a: Rect, b: Rect): Rect {
  return rectFromEdges(
    Math.max(a.x, b.x),
    Math.max(a.y, b.y),
    Math.min(rightOf(a), rightOf(b)),
    Math.min(bottomOf(a), bottomOf(b)),
  );
}

/** The smallest rectangle that holds both; an empty one adds nothing. */
export function uniteRects(a: Rect, b: Rect): Rect {
  if (isEmptyRect(a)) return b;
  if (isEmptyRect(b)) return a;
  return rectFromEdges(
    Math.min(a.x, b.x),
    Math.min(a.y, b.y),
    Math.max(rightOf(a), rightOf(b)),
    Math.max(bottomOf(a), bottomOf(b)),
  );
}

/** True if every pixel of `inner` lies in `outer`; an empty `inner` lies in everything. */
export function rectContains(outer: Rect, inner: Rect): boolean {
  if (isEmptyRect(inner)) return true;
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    rightOf(inner) <= rightOf(outer) &&
    bottomOf(inner) <= bottomOf(outer)
  );
}

/** Grows (or, with a negative margin, shrinks) by the same number of pixels on every side. */
export function inflateRect(rect: Rect, marginPx: number): Rect {
  return rectFromEdges(
    rect.x - marginPx,
    rect.y - marginPx,
    rightOf(rect) + marginPx,
    bottomOf(rect) + marginPx,
  );
}

/** The same rectangle moved by whole pixels. */
export function translateRect(rect: Rect, dx: number, dy: number): Rect {
  return { x: rect.x + dx, y: rect.y + dy, width: rect.width, height: rect.height };
}

/**
 * Moves a rectangle the shortest way so that it lies within `bounds`; along an axis where it is
 * longer than `bounds` it starts where `bounds` starts. The size stays.
 */
export function clampRectInto(rect: Rect, bounds: Rect): Rect {
  const x = Math.max(bounds.x, Math.min(rect.x, rightOf(bounds) - rect.width));
  const y = Math.max(bounds.y, Math.min(rect.y, bottomOf(bounds) - rect.height));
  return { x, y, width: rect.width, height: rect.height };
}

/** How far `rect` hangs over `bounds` on each side. */
export function overhang(rect: Rect, bounds: Rect): Padding {
  return {
    left: Math.max(0, bounds.x - rect.x),
    top: Math.max(0, bounds.y - rect.y),
    right: Math.max(0, rightOf(rect) - rightOf(bounds)),
    bottom: Math.max(0, bottomOf(rect) - bottomOf(bounds)),
  };
}

/** True if all four numbers are integers and the size is not negative. */
export function isValidRect(rect: Rect): boolean {
  return (
    [rect.x, rect.y, rect.width, rect.height].every(Number.isSafeInteger) &&
    rect.width >= 0 &&
    rect.height >= 0
  );
}

/** For messages: `128 x 64 at (10, -3)`. */
export function describeRect(rect: Rect): string {
  return `${rect.width} x ${rect.height} at (${rect.x}, ${rect.y})`;
}
