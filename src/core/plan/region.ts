import { AppError } from "../errors.js";
import type { LayoutSpec } from "../layout.js";
import type { Padding, Rect } from "../rect.js";

/** What the planner needs to know. */
export interface EditRegionQuery {
  readonly imageWidth: number;
  readonly imageHeight: number;
  /** Bounds of the masked pixels, inside the picture; see `maskBounds`. */
  readonly maskBounds: Rect;
  readonly layout: LayoutSpec;
  /** Margin wanted on each side, as a fraction of the mask's longer side; 0.5 by default. */
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

/**
 * Chooses the region: it contains the mask's bounds and, as far as the picture has it, the wanted
 * context; it starts at a multiple of the coarsest block (`2^levels * factor` pixels), so that frozen
 * blocks lie on one grid for the whole picture whatever the mask; it is as small as that allows and
 * lies inside the picture where there is room. Beyond the right and bottom border it hangs over by
 * less than one coarsest block if the picture is larger than the region.
 * @throws AppError MASK_EMPTY for empty bounds, REQUEST_INVALID for bounds outside the picture
 */
export function planEditRegion(_query: EditRegionQuery): EditRegion {
  throw new AppError("INTERNAL", "not written yet");
}
