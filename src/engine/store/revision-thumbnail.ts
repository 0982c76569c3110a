import type { Raster } from "../../core/raster.js";
import { rawImageOf } from "../files/raw-image.js";
import { plainBytes } from "./plain-bytes.js";

/** RGBA, 8 bits, as the contract carries it. */
export interface Thumbnail {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array<ArrayBuffer>;
}

/**
 * A picture reduced to at most `side` pixels a side, never enlarged. Made by libvips in threads of
 * its own: block means of a hundred megapixels would hold the engine up for a second.
 */
export async function renderThumbnail(raster: Raster, side: number): Promise<Thumbnail> {
  const { data, info } = await rawImageOf(raster)
    .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb")
    .ensureAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgba: Uint8Array.from(plainBytes(data)) };
}
