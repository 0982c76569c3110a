import { AppError } from "../errors.js";
import type { LayoutSpec } from "../layout.js";
import {
  bottomOf,
  intersectRects,
  overhang,
  rectContains,
  rectOfSize,
  rightOf,
  type Rect,
} from "../rect.js";
import type { EditRegion } from "./region.js";

/** Pixels to add at each side. */
export interface Margins {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** How a picture is extended; everything in pixels of the new canvas. */
export interface ExtendPlan {
  readonly canvas: { readonly width: number; readonly height: number };
  /** Where the picture lies. */
  readonly picture: Rect;
  /** In the order of drawing: what a region draws is context for the next. */
  readonly regions: readonly EditRegion[];
}

/** More regions take longer than the finer detail is worth. */
const MOST_REGIONS = 24;

/**
 * Covers the margins by square regions that overlap by half, so that each has known pixels to go on
 * from; those that know most come first. The regions are as small, and so the detail as fine, as
 * their number allows.
 * @throws AppError REQUEST_INVALID if nothing is to be added
 */
export function planExtension(
  width: number,
  height: number,
  { left, top, right, bottom }: Margins,
  layout: LayoutSpec,
): ExtendPlan {
  const canvas = { width: left + width + right, height: top + height + bottom };
  const picture = { x: left, y: top, width, height };
  const largest = Math.max(left, top, right, bottom);
  if (largest <= 0) {
    throw new AppError("REQUEST_INVALID", "Expected a margin of at least one pixel but got none.");
  }
  for (let factor = 1; ; factor *= 2) {
    const side = layout.imageSize * factor;
    // Half of a region reaches over the margin, the other half is context.
    if (side < 2 * largest && side < Math.max(canvas.width, canvas.height)) continue;
    const rects = coveringRects(canvas, side).filter((rect) => !isKnown(rect, canvas, [picture]));
    if (rects.length > MOST_REGIONS) continue;
    const regions = inOrder(rects, canvas, picture).map((rect) => ({
      rect,
      factor,
      imageSize: layout.imageSize,
      padding: overhang(rect, rectOfSize(canvas.width, canvas.height)),
      inside: intersectRects(rect, rectOfSize(canvas.width, canvas.height)),
    }));
    return { canvas, picture, regions };
  }
}

/** Squares at every half of their side, the last ones moved to end at the border. */
function coveringRects(canvas: ExtendPlan["canvas"], side: number): Rect[] {
  const starts = (length: number): number[] => {
    const last = Math.max(0, length - side);
    const count = Math.ceil(last / (side / 2));
    return Array.from({ length: count + 1 }, (_, index) => Math.min((index * side) / 2, last));
  };
  const columns = starts(canvas.width);
  return starts(canvas.height).flatMap((y) =>
    columns.map((x) => ({ x, y, width: side, height: side })),
  );
}

/** Greedily: the region with the largest known share of its pixels is next. */
function inOrder(rects: readonly Rect[], canvas: ExtendPlan["canvas"], picture: Rect): Rect[] {
  const left = [...rects];
  const known = [picture];
  const ordered: Rect[] = [];
  while (left.length > 0) {
    const shares = left.map((rect) => knownShare(rect, canvas, known));
    const best = shares.indexOf(Math.max(...shares));
    const [next] = left.splice(best, 1);
    if (!next) break;
    // What an earlier region has drawn on its way need not be drawn again.
    if (!isKnown(next, canvas, known)) ordered.push(next);
    known.push(next);
  }
  return ordered;
}

function isKnown(rect: Rect, canvas: ExtendPlan["canvas"], known: readonly Rect[]): boolean {
  return unknownParts(rect, canvas, known).length === 0;
}

function knownShare(rect: Rect, canvas: ExtendPlan["canvas"], known: readonly Rect[]): number {
  const unknown = unknownParts(rect, canvas, known);
  const inside = intersectRects(rect, rectOfSize(canvas.width, canvas.height));
  return 1 - areaOf(unknown) / areaOf([inside]);
}

/** The part of a region in the canvas that no known rectangle covers, as rectangles. */
function unknownParts(rect: Rect, canvas: ExtendPlan["canvas"], known: readonly Rect[]): Rect[] {
  let parts = [intersectRects(rect, rectOfSize(canvas.width, canvas.height))];
  for (const one of known) parts = parts.flatMap((part) => without(part, one));
  return parts;
}

function areaOf(rects: readonly Rect[]): number {
  return rects.reduce((sum, { width, height }) => sum + width * height, 0);
}

/** What is left of a rectangle when another is cut out: up to four rectangles. */
function without(rect: Rect, cut: Rect): Rect[] {
  const common = intersectRects(rect, cut);
  if (common.width === 0 || common.height === 0) return [rect];
  if (rectContains(cut, rect)) return [];
  const { x, y, width } = rect;
  const candidates = [
    { x, y, width, height: common.y - y },
    { x, y: bottomOf(common), width, height: bottomOf(rect) - bottomOf(common) },
    { x, y: common.y, width: common.x - x, height: common.height },
    {
      x: rightOf(common),
      y: common.y,
      width: rightOf(rect) - rightOf(common),
      height: common.height,
    },
  ];
  return candidates.filter((part) => part.width > 0 && part.height > 0);
}
