import { AppError } from "../errors.js";
import type { Raster } from "../raster.js";
import type { Rect } from "../rect.js";

/** Everything that decides the pixels of an edit. */
export interface CompositeRequest {
  /** The picture (or the part of it that holds the region). */
  readonly original: Raster;
  /** The edited region in pixels of `original`; may hang over its border. */
  readonly region: Rect;
  /**
   * The region's new pixels at native resolution in the raster's units, interleaved:
   * `region.width * region.height * colourChannelsOf(original.channels)`; not clipped.
   */
  readonly generated: Float32Array;
  /** Feathered mask over the region, `region.width * region.height`, 0..255. */
  readonly alpha: Uint8Array;
  /**
   * Side in picture pixels of the blocks that keep their sums, counted from the region's corner; must
   * divide the region. null: nothing is frozen. 1: everything is, the result is the original.
   */
  readonly blockSide: number | null;
}

/** The new pixels. */
export interface CompositeResult {
  /** Part of the region that lies in the picture. */
  readonly rect: Rect;
  /** Its new pixels, with the original's channels and depth. */
  readonly patch: Raster;
  /** Pixels with at least one sample that differs from the original's. */
  readonly changedPixels: number;
}

/**
 * Blends the generated pixels over the original by alpha, then moves the blended values (only where
 * alpha > 0, in proportion to alpha) to integers such that each block and channel keeps exactly the
 * sum it had. Pixels with alpha 0 and the alpha channel are copied bit by bit. Blocks cut by the
 * picture's border are constrained over the pixels that exist.
 * @throws AppError REQUEST_INVALID on lengths that do not fit, ENGINE_OUTPUT_INVALID if a generated
 * value that matters is not finite
 */
export function compositeEdit(_request: CompositeRequest): CompositeResult {
  throw new AppError("INTERNAL", "not written yet");
}
