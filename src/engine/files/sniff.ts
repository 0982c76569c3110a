/** Picture formats that can be opened, by content and not by name: phones call HEVC files `.jpeg`. */
export type PictureFormat = "png" | "jpeg" | "webp" | "tiff" | "avif" | "gif";

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const AVIF_BRANDS = new Set(["avif", "avis"]);

/** The format that the first bytes announce, or null if it is none of ours. */
export function sniffFormat(bytes: Uint8Array): PictureFormat | null {
  if (startsWith(bytes, PNG_SIGNATURE)) return "png";
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return "jpeg";
  if (textAt(bytes, 0, 4) === "RIFF" && textAt(bytes, 8, 4) === "WEBP") return "webp";
  if (textAt(bytes, 0, 6) === "GIF87a" || textAt(bytes, 0, 6) === "GIF89a") return "gif";
  if (isTiff(bytes)) return "tiff";
  if (fileTypeBrands(bytes).some((brand) => AVIF_BRANDS.has(brand))) return "avif";
  return null;
}

/** A name for formats that are pictures but not ours, for a message that helps; null if unknown. */
export function nameForeignFormat(bytes: Uint8Array): string | null {
  const [brand] = fileTypeBrands(bytes);
  if (brand !== undefined && /^(hei|hev|mif1|msf1)/.test(brand)) return "HEIC";
  if (startsWith(bytes, [0x42, 0x4d])) return "BMP";
  if (textAt(bytes, 0, 4) === "8BPS") return "PSD";
  if (textAt(bytes, 0, 5) === "%PDF-") return "PDF";
  if (startsWith(bytes, [0xff, 0x0a]) || textAt(bytes, 4, 4) === "JXL ") return "JPEG XL";
  if (textAt(bytes, 4, 4) === "jP  ") return "JPEG 2000";
  if (startsWith(bytes, [0x76, 0x2f, 0x31, 0x01])) return "OpenEXR";
  if (/^\s*<(\?xml|svg)/.test(textAt(bytes, 0, 64))) return "SVG or another text";
  return null;
}

/**
 * True if the file's own structure says that bytes are missing at its end. Told apart from other
 * damage because the advice differs: a cut file can be copied or downloaded again.
 */
export function endsEarly(format: PictureFormat, bytes: Uint8Array): boolean {
  switch (format) {
    case "png":
      return lastIndexOfText(bytes, "IEND") < 0;
    case "jpeg":
      return !hasJpegEnd(bytes);
    case "webp":
      return bytes.byteLength < viewOf(bytes).getUint32(4, true) + 8;
    case "gif":
      return bytes.at(-1) !== 0x3b;
    case "avif":
      return boxesReachBeyond(bytes);
    case "tiff":
      // Offsets may point anywhere, so the decoder's own word is all there is.
      return false;
  }
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((value, index) => bytes[index] === value);
}

/** Bytes as Latin-1 text; shorter where the file ends. */
function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isTiff(bytes: Uint8Array): boolean {
  return [
    [0x49, 0x49, 0x2a, 0x00],
    [0x4d, 0x4d, 0x00, 0x2a],
    [0x49, 0x49, 0x2b, 0x00],
    [0x4d, 0x4d, 0x00, 0x2b],
  ].some((magic) => startsWith(bytes, magic));
}

/** Major and compatible brands of an ISO media file's `ftyp` box; empty for other files. */
function fileTypeBrands(bytes: Uint8Array): string[] {
  if (textAt(bytes, 4, 4) !== "ftyp" || bytes.byteLength < 16) return [];
  const end = Math.min(viewOf(bytes).getUint32(0), bytes.byteLength, 256);
  const brands = [textAt(bytes, 8, 4)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(textAt(bytes, at, 4));
  return brands;
}

/** Cameras append thumbnails and padding, hence a search from the end and not a comparison. */
function hasJpegEnd(bytes: Uint8Array): boolean {
  for (let at = bytes.byteLength - 2; at >= 2; at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

function lastIndexOfText(bytes: Uint8Array, text: string): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf(
    text,
    -1,
    "latin1",
  );
}

function boxesReachBeyond(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  let at = 0;
  while (at + 8 <= bytes.byteLength) {
    const size = view.getUint32(at);
    if (size === 0) return false;
    if (size === 1) {
      if (at + 16 > bytes.byteLength) return true;
      at += Number(view.getBigUint64(at + 8));
    } else {
      at += Math.max(size, 8);
    }
  }
  return at > bytes.byteLength;
}
