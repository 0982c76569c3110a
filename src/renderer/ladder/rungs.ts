import type { EditRegion } from "../../core/plan/region.js";
import { planEditRegion } from "../../core/plan/region.js";
import { rectOfSize, type Rect } from "../../core/rect.js";
import type { LayoutInfo } from "../../shared/models.js";
import { formatSquare } from "../text/format.js";
import { messages } from "../text/messages.js";
import type { Size } from "../view/geometry.js";

/** One step of the ladder: a scale in the words of a person. */
export interface Rung {
  /** 0 is the coarsest. */
  readonly scale: number;
  /** Side of the picture that can be seen once this scale is there, in model pixels. */
  readonly side: number;
  /** `16 × 16`. */
  readonly resolution: string;
  /** `shapes`. */
  readonly role: string;
}

/**
 * The rungs of a layout, coarse to fine. Details of n x n coefficients complete a picture of 2n x 2n
 * pixels, and that is the size that tells people something.
 */
export function rungsOf(layout: LayoutInfo): readonly Rung[] {
  return layout.scaleResolutions.map((coefficients, scale) => {
    const side = scale === 0 ? coefficients : coefficients * 2;
    return {
      scale,
      side,
      resolution: formatSquare(side),
      role: roleOf(scale, layout.scales),
    };
  });
}

function roleOf(scale: number, count: number): string {
  const { roles } = messages.ladder;
  if (count === 1) return roles.only;
  if (scale === 0) return roles.first;
  if (scale === count - 1) return roles.last;
  if (scale === 1) return roles.coarse;
  return scale === count - 2 ? roles.fine : roles.middle;
}

/** The region that an edit of this mask would work on; null without a mask. */
export function regionFor(
  picture: Size,
  maskBounds: Rect | null,
  layout: LayoutInfo,
): EditRegion | null {
  if (maskBounds === null) return null;
  return planEditRegion({
    imageWidth: picture.width,
    imageHeight: picture.height,
    maskBounds,
    layout,
  });
}

/**
 * A square around the whole picture, from its corner: while nothing is masked the rungs show all of
 * it, at the number of cells that a region would have.
 */
export function overviewRegion(picture: Size): Rect {
  const longer = Math.max(picture.width, picture.height);
  return rectOfSize(longer, longer);
}

/** Picture pixels along a side of the blocks whose means stay, or null if none are kept. */
export function keptBlockSide(
  layout: LayoutInfo,
  frozenScales: number,
  factor: number,
): number | null {
  if (frozenScales <= 0) return null;
  return 2 ** Math.max(0, layout.levels - (frozenScales - 1)) * factor;
}
