import type { Sharp } from "sharp";
import type { Raster } from "../../core/raster.js";
import { sharp } from "./sharp.js";

/** A raster's samples for sharp, named as what they are, so that nothing is converted. */
export function rawImageOf({ width, height, channels, depth, data }: Raster): Sharp {
  const image = sharp(data, { raw: { width, height, channels }, limitInputPixels: false });
  return image.toColourspace(colourspaceOf(channels, depth));
}

/** libvips' name for that kind of samples. */
export function colourspaceOf(channels: number, depth: 8 | 16): string {
  if (channels < 3) return depth === 8 ? "b-w" : "grey16";
  return depth === 8 ? "srgb" : "rgb16";
}
