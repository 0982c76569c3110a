import { AppError } from "./errors.js";
import type { Raster } from "./raster.js";
import type { Rect } from "./rect.js";

/** 8-bit RGBA for a screen, row-major; `rgba.length === width * height * 4`. */
export interface ScreenPixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/**
 * The part of a picture under `rect`, reduced by an integer factor through box means, as 8-bit RGBA.
 * Grey is repeated over R, G, B; a missing alpha is 255; 16-bit samples are scaled by 255 / 65535.
 * The size is `ceil(rect / factor)`; blocks cut by the rectangle's edge average the pixels they have.
 * @throws AppError REQUEST_INVALID if `rect` is empty or leaves the picture, or factor < 1
 */
export function toScreenPixels(_raster: Raster, _rect: Rect, _factor: number): ScreenPixels {
  throw new AppError("INTERNAL", "not written yet");
}
