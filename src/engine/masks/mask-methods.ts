import { AppError } from "../../core/errors.js";
import { selectByColour } from "../../core/mask/colour-select.js";
import { packMask, unpackMask, type PackedMask } from "../../core/mask/packed-mask.js";
import { maskAlphaIn } from "../../core/mask/mask.js";
import { hasAlphaChannel, maxSampleOf, type Raster } from "../../core/raster.js";
import { rectContains, rectOfSize } from "../../core/rect.js";
import type { EngineApi } from "../../shared/api.js";
import { MAX_PIXELS } from "../../shared/limits.js";
import { readMask } from "../files/read-mask.js";
import { sharp } from "../files/sharp.js";
import type { DocumentStore } from "../store/document-store.js";
import { plainBytes } from "../store/plain-bytes.js";

type MaskMethods = Pick<
  EngineApi,
  "selectByColour" | "readMaskFile" | "readAlphaMask" | "writeMaskFile"
>;

/** Masks that are made of pixels: those stay in the engine, runs travel. */
export function maskMethods(store: DocumentStore): MaskMethods {
  return {
    selectByColour: async ({ documentId, revision, ...choice }) =>
      plain(selectByColour(await store.raster(documentId, revision), choice)),
    readMaskFile: async ({ documentId, revision, name, bytes }) => {
      const { width, height } = await store.raster(documentId, revision);
      return plain(packMask(await readMask(bytes, name, width, height)));
    },
    readAlphaMask: async ({ documentId, revision }) =>
      plain(alphaMask(await store.raster(documentId, revision))),
    writeMaskFile: async ({ width, height, mask }) => ({
      bytes: await writeMask(width, height, mask),
    }),
  };
}

/** @throws AppError MASK_EMPTY for a picture without alpha */
function alphaMask({ width, height, channels, depth, data }: Raster): PackedMask {
  if (!hasAlphaChannel(channels)) {
    throw new AppError(
      "MASK_EMPTY",
      "Expected a picture with transparency but this one has none; use a picture with an alpha channel, or import a mask file.",
    );
  }
  const alpha = new Uint8Array(width * height);
  const toByte = 255 / maxSampleOf(depth);
  for (let pixel = 0; pixel < alpha.length; pixel++) {
    alpha[pixel] = Math.round((data[(pixel + 1) * channels - 1] ?? 0) * toByte);
  }
  return packMask({ rect: rectOfSize(width, height), alpha });
}

/** @throws AppError MASK_INVALID if the mask leaves the picture */
async function writeMask(width: number, height: number, packed: PackedMask) {
  const whole = rectOfSize(width, height);
  if (width * height > MAX_PIXELS || !rectContains(whole, packed.rect)) {
    throw new AppError(
      "MASK_INVALID",
      `Expected a mask inside of a picture of at most ${MAX_PIXELS} pixels but got one for ${width} x ${height}.`,
      { width, height },
    );
  }
  const values = maskAlphaIn(unpackMask(packed), whole);
  const png = sharp(values, { raw: { width, height, channels: 1 } });
  return plainBytes(await png.toColourspace("b-w").png().toBuffer());
}

function plain({ rect, runs }: PackedMask): PackedMask {
  return { rect, runs: plainBytes(runs) };
}
