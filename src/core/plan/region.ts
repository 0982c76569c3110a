import { AppError } from "../errors.js";
import type { LayoutSpec } from "../layout.js";
import {
  bottomOf,
  describeRect,
  inflateRect,
  intersectRects,
  isEmptyRect,
  isValidRect,
  overhang,
  rectContains,
  rectOfSize,
  rightOf,
  type Padding,
  type Rect,
} from "../rect.js";

/** What the planner needs to know. */
export interface EditRegionQuery {
  readonly imageWidth: number;
  readonly imageHeight: number;
  /** Bounds of the masked pixels, inside the picture; see `maskBounds`. */
  readonly maskBounds: Rect;
  readonly layout: LayoutSpec;
  /** Margin wanted on each side, as a fraction of the mask's longer side; a sixteenth by default. */
  readonly contextFraction?: number;
}

/** The square part of the picture that an edit works on. */
export interface EditRegion {
  /** Picture pixels, side `imageSize * factor`; hangs over the border where `padding` says so. */
  readonly rect: Rect;
  /** Picture pixels along one side of a model pixel: 1, 2, 4, ... */
  readonly factor: number;
  /** Side of the model's picture. */
  readonly imageSize: number;
  /** How far `rect` hangs over the picture; those pixels are repeats of the edge and do not exist. */
  readonly padding: Padding;
  /** The part of `rect` that lies in the picture. */
  readonly inside: Rect;
}

/** Less context costs less than drawing at half the resolution, which more would ask for. */
const DEFAULT_CONTEXT_FRACTION = 1 / 16;

/**
 * Chooses the region: it contains the mask's bounds and, as far as the picture has it, the wanted
 * context; it starts at a multiple of the coarsest block (`2^levels * factor` pixels), so that frozen
 * blocks lie on one grid for the whole picture whatever the mask; it is as small as that allows and
 * lies inside the picture where the picture is larger, except when masked pixels lie in the columns
 * or rows at the right or bottom border that are left over from whole coarsest blocks: to contain
 * them it then hangs over by less than one such block. Moving it inside instead would shift the grid
 * of frozen blocks, and two edits near each other would freeze different blocks.
 * @throws AppError MASK_EMPTY for empty bounds, REQUEST_INVALID for bounds outside the picture
 */
export function planEditRegion(query: EditRegionQuery): EditRegion {
  const { maskBounds, layout } = query;
  const picture = rectOfSize(query.imageWidth, query.imageHeight);
  requireBounds(maskBounds, picture);
  const longer = Math.max(maskBounds.width, maskBounds.height);
  const margin = Math.ceil(longer * (query.contextFraction ?? DEFAULT_CONTEXT_FRACTION));
  const context = intersectRects(inflateRect(maskBounds, margin), picture);
  let factor = 1;
  while (!fits(context, layout, factor)) factor *= 2;

  const side = layout.imageSize * factor;
  const step = 2 ** layout.levels * factor;
  const x = chooseStart(
    { from: maskBounds.x, to: rightOf(maskBounds) },
    { from: context.x, to: rightOf(context) },
    picture.width,
    side,
    step,
  );
  const y = chooseStart(
    { from: maskBounds.y, to: bottomOf(maskBounds) },
    { from: context.y, to: bottomOf(context) },
    picture.height,
    side,
    step,
  );
  const rect = { x, y, width: side, height: side };
  return {
    rect,
    factor,
    imageSize: layout.imageSize,
    padding: overhang(rect, picture),
    inside: intersectRects(rect, picture),
  };
}

/** True if a region on the grid of coarsest blocks can hold all of `context`. */
function fits(context: Rect, layout: LayoutSpec, factor: number): boolean {
  const side = layout.imageSize * factor;
  const step = 2 ** layout.levels * factor;
  return (
    floorTo(context.x, step) + side >= rightOf(context) &&
    floorTo(context.y, step) + side >= bottomOf(context)
  );
}

/** Pixels `from` to `to` (exclusive) along one axis. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where the region starts along one axis: aligned, centred as far as possible, never before 0. */
function chooseStart(
  mask: Span,
  context: Span,
  length: number,
  side: number,
  step: number,
): number {
  const centred = Math.round((mask.from + mask.to - side) / 2 / step) * step;
  const earliest = Math.max(0, ceilTo(context.to - side, step));
  const latest = floorTo(context.from, step);
  const start = Math.max(earliest, Math.min(centred, latest));
  // Give up context, but no masked pixel, rather than hang over the border.
  const lastInside = Math.max(0, floorTo(length - side, step));
  const earliestForMask = Math.max(0, ceilTo(mask.to - side, step));
  return Math.max(Math.min(start, lastInside), earliestForMask);
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

function ceilTo(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

function requireBounds(bounds: Rect, picture: Rect): void {
  if (isEmptyRect(bounds)) {
    throw new AppError(
      "MASK_EMPTY",
      "Expected a mask with at least one painted pixel but got an empty one; paint where the picture may change.",
    );
  }
  if (isValidRect(bounds) && rectContains(picture, bounds)) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected the mask inside the ${picture.width} x ${picture.height} picture but got ${describeRect(bounds)}.`,
    { ...bounds },
  );
}
