import { AppError } from "../../core/errors.js";
import type { Mask } from "../../core/mask/mask.js";
import { colourChannelsOf, hasAlphaChannel, maxSampleOf, type Raster } from "../../core/raster.js";
import { readPicture } from "./read-picture.js";

/**
 * Reads a mask from a picture file: white may change, black may not, greys in between. A picture
 * whose alpha varies is taken by its alpha instead, which is how cut-outs are usually saved.
 * @param width, height size of the picture that it masks
 * @throws AppError MASK_SIZE_MISMATCH, MASK_EMPTY, and as {@link readPicture}
 */
export async function readMask(
  bytes: Uint8Array,
  name: string,
  width: number,
  height: number,
): Promise<Mask> {
  const { raster } = await readPicture(bytes, name, { frame: "first" });
  if (raster.width !== width || raster.height !== height) {
    throw new AppError(
      "MASK_SIZE_MISMATCH",
      `Expected a mask of ${width} x ${height} pixels like the picture but ${name} is ${raster.width} x ${raster.height}; make it the same size.`,
      { name, widthPx: raster.width, heightPx: raster.height },
    );
  }
  const alpha = varyingAlpha(raster) ?? luminance(raster);
  if (!alpha.some((value) => value > 0)) {
    throw new AppError(
      "MASK_EMPTY",
      `Expected some white in the mask ${name} but all of it is black; paint white where the picture may change.`,
      { name },
    );
  }
  return { rect: { x: 0, y: 0, width, height }, alpha };
}

/** The alpha channel as 0..255, or null if there is none or it says nothing. */
function varyingAlpha(raster: Raster): Uint8Array | null {
  if (!hasAlphaChannel(raster.channels)) return null;
  const alpha = planeOf(raster, [raster.channels - 1]);
  return alpha.some((value) => value !== alpha[0]) ? alpha : null;
}

function luminance(raster: Raster): Uint8Array {
  return planeOf(raster, colourChannelsOf(raster.channels) === 1 ? [0] : [0, 1, 2]);
}

/** Mean of some channels, 0..255. */
function planeOf({ data, channels, depth }: Raster, chosen: readonly number[]): Uint8Array {
  const scale = 255 / (maxSampleOf(depth) * chosen.length);
  const plane = new Uint8Array(data.length / channels);
  for (let pixel = 0; pixel < plane.length; pixel++) {
    let sum = 0;
    for (const channel of chosen) sum += data[pixel * channels + channel] ?? 0;
    plane[pixel] = Math.round(sum * scale);
  }
  return plane;
}
