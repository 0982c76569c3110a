import { rectFromEdges, type Rect } from "../../core/rect.js";
import type { Point } from "./geometry.js";

/** A frame that is being dragged, in picture pixels. */
export interface Box {
  readonly from: Point;
  readonly to: Point;
  /** A square or a circle. */
  readonly isEven: boolean;
  /** Around `from` instead of from there. */
  readonly isCentred: boolean;
}

/** The whole pixels that a dragged frame touches. */
export function boxBetween({ from, to, isEven, isCentred }: Box): Rect {
  let dx = to.x - from.x;
  let dy = to.y - from.y;
  if (isEven) {
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    dx = dx < 0 ? -side : side;
    dy = dy < 0 ? -side : side;
  }
  const start = isCentred ? { x: from.x - dx, y: from.y - dy } : from;
  const end = { x: from.x + dx, y: from.y + dy };
  return rectFromEdges(
    Math.floor(Math.min(start.x, end.x)),
    Math.floor(Math.min(start.y, end.y)),
    Math.ceil(Math.max(start.x, end.x)),
    Math.ceil(Math.max(start.y, end.y)),
  );
}
