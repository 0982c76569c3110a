import { clampRectInto, rectOfSize, type Rect } from "../../core/rect.js";

/** Pixels of a part of the picture. */
interface PlacedPixels {
  readonly width: number;
  readonly height: number;
  readonly rect: Rect;
}

/** Room around the mask in a frame, as a fraction of the mask's longer side. */
const MARGIN = 0.2;

/**
 * The square of a preview, in the preview's own pixels, that shows the masked part: a frame is small,
 * and what does not change needs no room in it.
 * @param maskRect bounds of the mask in picture pixels, or null to show the whole preview
 */
export function frameCrop(preview: PlacedPixels, maskRect: Rect | null): Rect {
  const whole = rectOfSize(preview.width, preview.height);
  const shorter = Math.min(preview.width, preview.height);
  const perPixel = preview.width / preview.rect.width;
  const longer = maskRect === null ? Infinity : Math.max(maskRect.width, maskRect.height);
  const side = Math.max(1, Math.min(shorter, Math.round(longer * (1 + 2 * MARGIN) * perPixel)));
  const middle =
    maskRect === null
      ? { x: preview.width / 2, y: preview.height / 2 }
      : {
          x: (maskRect.x + maskRect.width / 2 - preview.rect.x) * perPixel,
          y: (maskRect.y + maskRect.height / 2 - preview.rect.y) * perPixel,
        };
  const start = { x: Math.round(middle.x - side / 2), y: Math.round(middle.y - side / 2) };
  return clampRectInto({ ...start, width: side, height: side }, whole);
}
