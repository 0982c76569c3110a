/** What a drag on the canvas does. */
export const TOOLS = [
  "pan",
  "brush",
  "eraser",
  "rectangle",
  "ellipse",
  "lasso",
  "polygon",
  "wand",
] as const;
export type Tool = (typeof TOOLS)[number];

/** Tools that paint along the pointer. */
export const isBrushTool = (tool: Tool): boolean => tool === "brush" || tool === "eraser";
/** Tools whose shape meets the mask by a mode. */
export const isShapeTool = (tool: Tool): boolean => tool !== "pan" && !isBrushTool(tool);

/** Brush diameters in picture pixels. */
export const BRUSH_SIZES = { min: 1, max: 1024 } as const;
/** What one press of `{` or `}` changes. */
export const HARDNESS_STEP = 0.1;

/**
 * Brush sizes for `[` and `]`: steps of about a quarter, so that a few presses reach any size and
 * small brushes still change pixel by pixel.
 */
export function nextBrushSize(sizePx: number, direction: "up" | "down"): number {
  const step = Math.max(1, Math.round(sizePx * 0.2));
  return clampBrushSize(direction === "up" ? sizePx + step : sizePx - step);
}

export function clampBrushSize(sizePx: number): number {
  return Math.max(BRUSH_SIZES.min, Math.min(Math.round(sizePx), BRUSH_SIZES.max));
}

/** A slider that moves evenly through doublings: position 0..1 for a size, and back. */
export function sliderFromSize(sizePx: number): number {
  return Math.log2(clampBrushSize(sizePx)) / Math.log2(BRUSH_SIZES.max);
}

export function sizeFromSlider(position: number): number {
  return clampBrushSize(2 ** (position * Math.log2(BRUSH_SIZES.max)));
}
