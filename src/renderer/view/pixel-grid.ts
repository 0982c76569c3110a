import { bottomOf, rightOf } from "../../core/rect.js";
import { visibleRect, type Size, type View } from "./geometry.js";

/** Device pixels a picture pixel from which lines between them help more than they hide. */
export const GRID_FROM_SCALE = 8;
/** Shows on light and on dark pixels, and recedes behind both. */
const GRID_INK = "rgb(128 128 128 / 38%)";

/** Draws a line between any two picture pixels, once they are large enough. All in device pixels. */
export function drawPixelGrid(
  context: CanvasRenderingContext2D,
  picture: Size,
  view: View,
  canvas: Size,
): void {
  if (view.scale < GRID_FROM_SCALE) return;
  const seen = visibleRect(view, picture, canvas);
  const left = Math.max(0, Math.round(view.x));
  const top = Math.max(0, Math.round(view.y));
  const right = Math.min(canvas.width, Math.round(view.x + picture.width * view.scale));
  const bottom = Math.min(canvas.height, Math.round(view.y + picture.height * view.scale));
  context.fillStyle = GRID_INK;
  for (let x = seen.x + 1; x < rightOf(seen); x++) {
    context.fillRect(Math.round(view.x + x * view.scale), top, 1, bottom - top);
  }
  for (let y = seen.y + 1; y < bottomOf(seen); y++) {
    context.fillRect(left, Math.round(view.y + y * view.scale), right - left, 1);
  }
}
