import { AppError } from "../errors.js";
import type { Rect } from "../rect.js";
import type { Coverage, PaintMode } from "./coverage.js";
import type { Point } from "./brush.js";

/** Fills the pixels of `rect`; returns the touched rectangle. */
export function fillRectangle(_coverage: Coverage, _rect: Rect, _mode: PaintMode): Rect {
  throw new AppError("INTERNAL", "not written yet");
}

/** Fills the ellipse that touches the sides of `rect`, its edge softened over one pixel. */
export function fillEllipse(_coverage: Coverage, _rect: Rect, _mode: PaintMode): Rect {
  throw new AppError("INTERNAL", "not written yet");
}

/** Fills a closed polygon (lasso) by the even-odd rule, its edge softened by 4 x 4 samples a pixel. */
export function fillPolygon(
  _coverage: Coverage,
  _points: readonly Point[],
  _mode: PaintMode,
): Rect {
  throw new AppError("INTERNAL", "not written yet");
}
