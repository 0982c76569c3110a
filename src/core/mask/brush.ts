import { AppError } from "../errors.js";
import {
  bottomOf,
  intersectRects,
  rectFromEdges,
  rectOfSize,
  rightOf,
  uniteRects,
  type Rect,
} from "../rect.js";
import { Falloff, strengthAt, type Radii } from "./falloff.js";
import { MASK_TILE, partOfTile, type TiledMask } from "./tiled-mask.js";

/** A point in picture pixels; (0, 0) is the top left corner of the first pixel, whose middle is (0.5, 0.5). */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A point of a stroke; `pressure` in 0..1 makes the brush narrower there, 1 if left out. */
export interface StrokePoint extends Point {
  readonly pressure?: number;
}

/** "add" raises values towards 255, "erase" lowers them towards 0. */
export type PaintMode = "add" | "erase";

/** A round brush. */
export interface Brush {
  /** Diameter in picture pixels; below 1 it paints as 1. */
  readonly diameterPx: number;
  /** 1: a hard edge (softened over one pixel); 0: falls off from the middle. */
  readonly hardness: number;
  readonly mode: PaintMode;
}

/** One end of a segment: full strength up to `inner`, nothing from `outer` on, in pixels. */
type Dab = Point & Radii;

/** What is painted from one dab to the next. */
interface Segment {
  readonly from: Dab;
  readonly to: Dab;
  readonly mode: PaintMode;
  /** Null where the radii change on the way. */
  readonly falloff: Falloff | null;
  /** The first dab is on the mask already, and so is all of this that lies behind its middle. */
  readonly isContinued: boolean;
}

/**
 * A stroke along straight segments between the points, without gaps; one point is one dab, none
 * paints nothing. A segment is painted by each pixel's distance to it: what dabs at every place along
 * it would leave, at the price of one. "add" takes the larger of old and new value, "erase" the
 * smaller of old and what is left, so a stroke does not darken where it crosses itself.
 * @param isContinued the mask holds a dab of this brush at the first point, which saves painting it
 * @returns the rectangle it may have touched
 * @throws AppError REQUEST_INVALID if a number is not finite or the hardness is outside 0..1
 */
export function strokeBrush(
  mask: TiledMask,
  brush: Brush,
  points: readonly StrokePoint[],
  isContinued = false,
): Rect {
  requireBrush(brush, points);
  const { mode } = brush;
  let touched = rectOfSize(0, 0);
  let hasDab = isContinued;
  let from: Dab | null = null;
  const dabs = points.map((point) => dabAt(brush, point));
  for (const to of dabs.length === 1 ? [...dabs, ...dabs] : dabs) {
    if (from !== null) {
      const falloff = isSameWidth(from, to) ? falloffOf(to) : null;
      const segment = { from, to, mode, falloff, isContinued: hasDab && falloff !== null };
      touched = uniteRects(touched, paintSegment(mask, segment));
      // Where the width changes the last dab is not on the mask as a whole.
      hasDab = falloff !== null;
    }
    from = to;
  }
  return touched;
}

function isSameWidth(a: Radii, b: Radii): boolean {
  return a.inner === b.inner && a.outer === b.outer;
}

let lastFalloff: Falloff | null = null;

/** The last one is kept: a stroke asks for it at every movement. */
function falloffOf({ inner, outer }: Radii): Falloff {
  if (lastFalloff === null || !isSameWidth(lastFalloff.radii, { inner, outer })) {
    lastFalloff = new Falloff({ inner, outer });
  }
  return lastFalloff;
}

function dabAt({ diameterPx, hardness }: Brush, { x, y, pressure = 1 }: StrokePoint): Dab {
  const radius = Math.max(1, diameterPx * pressure) / 2;
  // The falloff is never shorter than a pixel, or edges would be jagged.
  const inner = Math.min(radius * hardness, radius - 0.5);
  return { x, y, inner, outer: Math.max(radius, inner + 1) };
}

function paintSegment(mask: TiledMask, segment: Segment): Rect {
  const { from, to, mode } = segment;
  const outer = Math.max(from.outer, to.outer);
  const bounds = intersectRects(
    mask.rect,
    rectFromEdges(
      Math.floor(Math.min(from.x, to.x) - outer),
      Math.floor(Math.min(from.y, to.y) - outer),
      Math.ceil(Math.max(from.x, to.x) + outer),
      Math.ceil(Math.max(from.y, to.y) + outer),
    ),
  );
  const done = mode === "add" ? 255 : 0;
  let rows: RowSpans | null = null;
  for (const index of mask.tilesIn(bounds)) {
    if (mask.tile(index) === done) continue;
    if (isWithinCore(segment, mask.tileRect(index))) {
      mask.setTile(index, done);
      continue;
    }
    rows ??= spansOf(segment, outer, bounds);
    const { part, start } = partOfTile(mask, index, bounds);
    let values: Uint8Array | null = null;
    for (let y = part.y; y < bottomOf(part); y++) {
      const at = (y - bounds.y) * SPAN;
      const left = Math.max(part.x, rows[at] ?? 0);
      const right = Math.min(rightOf(part), rows[at + 3] ?? 0);
      if (left >= right) continue;
      values ??= mask.writable(index);
      const row = start + (y - part.y) * MASK_TILE - part.x;
      // Most of a large brush is full strength, which needs no distance.
      const coreLeft = Math.min(right, Math.max(left, rows[at + 1] ?? 0));
      const coreRight = Math.min(right, Math.max(coreLeft, rows[at + 2] ?? 0));
      paintRow(values, row, left, coreLeft, y + 0.5, segment);
      if (coreLeft < coreRight) values.fill(done, row + coreLeft, row + coreRight);
      paintRow(values, row, coreRight, right, y + 0.5, segment);
    }
  }
  return bounds;
}

/** Four columns for each row of a stroke's bounds: from where to where it is painted, and at full strength. */
type RowSpans = Int32Array;
const SPAN = 4;

/** What a stroke paints of each row, found once for all tiles that lie beside each other. */
function spansOf(segment: Segment, outer: number, bounds: Rect): RowSpans {
  const { from, to } = segment;
  const spans = new Int32Array(SPAN * bounds.height);
  for (let row = 0; row < bounds.height; row++) {
    const y = bounds.y + row + 0.5;
    const span = spanOf(segment, outer, y, bounds.x, rightOf(bounds));
    if (span === null) continue;
    const core = coreOf(from, to, y, span);
    spans.set([span[0], core[0], core[1], span[1]], SPAN * row);
  }
  return spans;
}

/** True if every pixel of the rectangle gets full strength: its corners do, and a stroke is convex. */
function isWithinCore({ from, to }: Segment, rect: Rect): boolean {
  const inner = Math.min(from.inner, to.inner);
  const isIn = (x: number, y: number) => distanceSquared(from, to, x, y) <= inner * inner;
  return (
    inner > 0 &&
    isIn(rect.x, rect.y) &&
    isIn(rightOf(rect), rect.y) &&
    isIn(rect.x, bottomOf(rect)) &&
    isIn(rightOf(rect), bottomOf(rect))
  );
}

function distanceSquared(from: Point, to: Point, x: number, y: number): number {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const along = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.max(0, Math.min(1, along));
  return (x - from.x - share * dx) ** 2 + (y - from.y - share * dy) ** 2;
}

type Span = readonly [from: number, to: number];

/** The columns of a row that lie within `radius` of what is to be painted, cut to [left, right). */
function spanOf(
  { from: a, to: b, isContinued }: Segment,
  radius: number,
  y: number,
  left: number,
  right: number,
): Span | null {
  const extent = extentOf(a, b, radius, y);
  if (extent === null) return null;
  let from = Math.max(left, Math.floor(extent[0] - 0.5));
  let to = Math.min(right, Math.ceil(extent[1] + 0.5));
  if (isContinued) {
    const dx = b.x - a.x;
    // Where the row meets the line across the stroke through its first point.
    const middle = a.x - ((y - a.y) * (b.y - a.y)) / dx;
    if (dx > 0) from = Math.max(from, Math.floor(middle - 0.5));
    else if (dx < 0) to = Math.min(to, Math.ceil(middle + 0.5));
    else if ((y - a.y) * (b.y - a.y) < 0) return null;
  }
  return from < to ? [from, to] : null;
}

/** Where a horizontal line enters and leaves what lies within `radius` of the segment. */
function extentOf(a: Point, b: Point, radius: number, y: number): Span | null {
  let least = Infinity;
  let most = -Infinity;
  for (const { x, y: centre } of [a, b]) {
    const half = radius * radius - (y - centre) * (y - centre);
    if (half < 0) continue;
    least = Math.min(least, x - Math.sqrt(half));
    most = Math.max(most, x + Math.sqrt(half));
  }
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  // The long sides of the stroke: the segment moved by the radius to either side.
  for (const side of length > 0 ? [-radius / length, radius / length] : []) {
    const dx = (a.y - b.y) * side;
    const dy = (b.x - a.x) * side;
    const along = (y - a.y - dy) / (b.y - a.y);
    if (!(along >= 0 && along <= 1)) continue;
    const x = a.x + dx + along * (b.x - a.x);
    least = Math.min(least, x);
    most = Math.max(most, x);
  }
  return least <= most ? [least, most] : null;
}

/** The columns of a span whose middles lie within full strength all along the segment; may be empty. */
function coreOf(from: Dab, to: Dab, y: number, [left, right]: Span): Span {
  const inner = Math.min(from.inner, to.inner);
  const extent = inner > 1 ? extentOf(from, to, inner, y) : null;
  if (extent === null) return [left, left];
  const start = Math.max(left, Math.ceil(extent[0] - 0.5));
  return [
    Math.min(start, right),
    Math.max(Math.min(start, right), Math.min(right, Math.floor(extent[1] - 0.5) + 1)),
  ];
}

/** Paints the columns left..right of a row by their distance to the segment. */
function paintRow(
  values: Uint8Array,
  row: number,
  left: number,
  right: number,
  y: number,
  segment: Segment,
): void {
  if (left >= right) return;
  const { from, to, mode, falloff } = segment;
  if (falloff === null) return paintPixels(values, row, left, right, y, segment);
  const erases = mode === "erase";
  // Some pixels are nearest to the first dab's middle, some to the line between, some to the last one's.
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy);
  const [first, last] = dx < 0 ? [to, from] : [from, to];
  const start = firstColumn(first, dx < 0 ? -dx : dx, dx < 0 ? -dy : dy, y, left, right);
  const end = firstColumn(last, dx < 0 ? -dx : dx, dx < 0 ? -dy : dy, y, start, right);
  falloff.paint(values, erases, row, left, start, 1, 0.5 - first.x, (y - first.y) ** 2);
  if (start < end) {
    const offset = ((0.5 - from.x) * dy - (y - from.y) * dx) / length;
    falloff.paint(values, erases, row, start, end, dy / length, offset, 0);
  }
  falloff.paint(values, erases, row, end, right, 1, 0.5 - last.x, (y - last.y) ** 2);
}

/** The first column of a row that lies beyond the line across the direction (dx >= 0, dy) at a point. */
function firstColumn(
  at: Point,
  dx: number,
  dy: number,
  y: number,
  left: number,
  right: number,
): number {
  const across = (y - at.y) * dy;
  if (dx === 0) return across < 0 ? right : left;
  return Math.max(left, Math.min(Math.ceil(at.x - across / dx - 0.5), right));
}

/** The same pixel by pixel, where a pen's pressure changes. */
function paintPixels(
  values: Uint8Array,
  row: number,
  left: number,
  right: number,
  y: number,
  { from, to, mode }: Segment,
): void {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const lengthSquared = dx * dx + dy * dy;
  const perLength = lengthSquared > 0 ? 1 / lengthSquared : 0;
  const py = y - from.y;
  const done = mode === "add" ? 255 : 0;
  for (let x = left; x < right; x++) {
    const old = values[row + x] ?? 0;
    if (old === done) continue;
    const px = x + 0.5 - from.x;
    const along = Math.max(0, Math.min(1, (px * dx + py * dy) * perLength));
    const nx = px - along * dx;
    const ny = py - along * dy;
    const painted = strengthAt(nx * nx + ny * ny, {
      inner: from.inner + along * (to.inner - from.inner),
      outer: from.outer + along * (to.outer - from.outer),
    });
    if (mode === "add") {
      if (painted > old) values[row + x] = painted;
    } else if (255 - painted < old) values[row + x] = 255 - painted;
  }
}

function requireBrush({ diameterPx, hardness }: Brush, points: readonly StrokePoint[]): void {
  const isBrush = Number.isFinite(diameterPx) && hardness >= 0 && hardness <= 1;
  const isPoint = ({ x, y, pressure = 1 }: StrokePoint) =>
    Number.isFinite(x) && Number.isFinite(y) && pressure >= 0 && pressure <= 1;
  if (isBrush && points.every(isPoint)) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a finite brush with hardness 0..1 and finite points with pressure 0..1 but got diameter ${diameterPx}, hardness ${hardness}, ${points.length} points.`,
  );
}
