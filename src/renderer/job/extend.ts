import type { Rect } from "../../core/rect.js";
import { MAX_PIXELS, MAX_SIDE_PX } from "../../shared/limits.js";
import type { Size } from "../view/geometry.js";

/** Picture pixels that are added at each side. */
export interface Margins {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const EDGES = ["left", "top", "right", "bottom"] as const;
export type Edge = (typeof EDGES)[number];

export const NO_MARGINS: Margins = { left: 0, top: 0, right: 0, bottom: 0 };

/** Proportions that people ask for, width to height. */
export const ASPECTS = ["1:1", "5:4", "4:3", "3:2", "16:9", "4:5", "3:4", "2:3", "9:16"] as const;
export type Aspect = (typeof ASPECTS)[number];

/** The size with its margins. */
export function extendedSize(size: Size, margins: Margins): Size {
  return {
    width: size.width + margins.left + margins.right,
    height: size.height + margins.top + margins.bottom,
  };
}

/** The extended picture in pixels of the picture as it is. */
export function extendedRect(size: Size, margins: Margins): Rect {
  return { x: -margins.left, y: -margins.top, ...extendedSize(size, margins) };
}

export function hasMargins(margins: Margins): boolean {
  return EDGES.some((edge) => margins[edge] > 0);
}

/** True if a document may have this size. */
export function isAllowedSize({ width, height }: Size): boolean {
  return Math.max(width, height) <= MAX_SIDE_PX && width * height <= MAX_PIXELS;
}

/** The margins with one of them changed: whole, not negative, and within a document's limits. */
export function withMargin(margins: Margins, edge: Edge, value: number, size: Size): Margins {
  const length = edge === "left" || edge === "right" ? size.width : size.height;
  const most = Math.max(0, MAX_SIDE_PX - length);
  const whole = Number.isFinite(value) ? Math.round(value) : 0;
  return { ...margins, [edge]: Math.max(0, Math.min(whole, most)) };
}

/** The least margins, equal on both sides, that give a picture these proportions. */
export function marginsForAspect(size: Size, aspect: Aspect): Margins {
  const [across = 1, down = 1] = aspect.split(":").map(Number);
  const width = Math.max(size.width, Math.round((size.height * across) / down));
  const height = Math.max(size.height, Math.round((size.width * down) / across));
  const left = Math.floor((width - size.width) / 2);
  const top = Math.floor((height - size.height) / 2);
  return { left, top, right: width - size.width - left, bottom: height - size.height - top };
}
