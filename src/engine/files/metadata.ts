/** What a file says about its picture and what must survive editing; null where it has none. */
export interface PictureMetadata {
  /** ICC profile. Samples are never converted, so re-attaching it keeps every colour. */
  readonly icc: Uint8Array | null;
  /** EXIF as a TIFF structure, without the `Exif\0\0` prefix of JPEG; its orientation is 1. */
  readonly exif: Uint8Array | null;
  /** XMP packet; its orientation is 1. */
  readonly xmp: string | null;
}

export const NO_METADATA: PictureMetadata = { icc: null, exif: null, xmp: null };

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;
const ENTRY_BYTES = 12;

/** Drops the prefix that JPEG and WebP put before the TIFF structure. */
export function stripExifPrefix(exif: Uint8Array): Uint8Array {
  const hasPrefix = String.fromCharCode(...exif.subarray(0, 4)) === "Exif";
  return hasPrefix ? exif.subarray(6) : exif;
}

/**
 * A copy of EXIF data whose orientation is 1, because the pixels are turned upright when they are
 * read: keeping the old value would turn them a second time. Anything malformed is left as it is.
 */
export function uprightExif(exif: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(stripExifPrefix(exif));
  if (copy.byteLength < 14) return copy;
  const view = new DataView(copy.buffer);
  const isLittle = copy[0] === 0x49;
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > copy.byteLength) return copy;
  const count = view.getUint16(directory, isLittle);
  for (let entry = 0; entry < count; entry++) {
    const at = directory + 2 + entry * ENTRY_BYTES;
    if (at + ENTRY_BYTES > copy.byteLength) break;
    if (view.getUint16(at, isLittle) !== ORIENTATION_TAG) continue;
    if (view.getUint16(at + 2, isLittle) === SHORT) view.setUint16(at + 8, 1, isLittle);
  }
  return copy;
}

/** The same for XMP, which may repeat the orientation as an attribute or as an element. */
export function uprightXmp(xmp: string): string {
  return xmp
    .replace(/(tiff:Orientation\s*=\s*["'])\d+(["'])/g, "$11$2")
    .replace(/(<tiff:Orientation>\s*)\d+(\s*<\/tiff:Orientation>)/g, "$11$2");
}
