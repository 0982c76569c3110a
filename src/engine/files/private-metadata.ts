import type { PictureMetadata } from "./metadata.js";

/** Which of a picture's own metadata goes into a file; the colour profile always does. */
export type MetadataChoice = "all" | "no-location" | "none";

const GPS_TAG = 0x8825;
const ENTRY_BYTES = 12;
/** Bytes of one value of each EXIF type; index 0 is no type. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

/** XMP names that say where a picture was taken or what it shows the place of. */
const LOCATION_NAMES =
  "exif:GPS\\w+|photoshop:(?:City|State|Country)|Iptc4xmpCore:(?:Location|CountryCode)|" +
  "Iptc4xmpExt:(?:LocationCreated|LocationShown)";

/** What is left of a picture's metadata for a choice. */
export function metadataFor(metadata: PictureMetadata, choice: MetadataChoice): PictureMetadata {
  const { icc, exif, xmp } = metadata;
  if (choice === "all") return metadata;
  if (choice === "none") return { icc, exif: null, xmp: null };
  return {
    icc,
    exif: exif === null ? null : exifWithoutLocation(exif),
    xmp: xmp === null ? null : xmpWithoutLocation(xmp),
  };
}

/**
 * EXIF without its GPS directory: the entry that leads there is taken out, and what it led to is
 * overwritten with zeros, since a reader that scans bytes would find it otherwise. Data whose
 * structure cannot be followed is dropped whole: it might hold a place anywhere.
 */
export function exifWithoutLocation(exif: Uint8Array): Uint8Array | null {
  const bytes = Uint8Array.from(exif);
  const view = new DataView(bytes.buffer);
  try {
    const isLittle = bytes[0] === 0x49;
    const directory = view.getUint32(4, isLittle);
    const count = view.getUint16(directory, isLittle);
    for (let index = 0; index < count; index++) {
      const at = directory + 2 + index * ENTRY_BYTES;
      if (view.getUint16(at, isLittle) !== GPS_TAG) continue;
      eraseDirectory(bytes, view, view.getUint32(at + 8, isLittle), isLittle);
      // Later entries and the link to the next directory move up by one entry.
      const end = directory + 2 + count * ENTRY_BYTES + 4;
      bytes.copyWithin(at, at + ENTRY_BYTES, end);
      bytes.fill(0, end - ENTRY_BYTES, end);
      view.setUint16(directory, count - 1, isLittle);
      break;
    }
    return bytes;
  } catch {
    // A DataView throws when it is led out of the data.
    return null;
  }
}

function eraseDirectory(
  bytes: Uint8Array,
  view: DataView,
  directory: number,
  isLittle: boolean,
): void {
  const count = view.getUint16(directory, isLittle);
  for (let index = 0; index < count; index++) {
    const at = directory + 2 + index * ENTRY_BYTES;
    const size =
      (TYPE_BYTES[view.getUint16(at + 2, isLittle)] ?? 0) * view.getUint32(at + 4, isLittle);
    if (size <= 4) continue;
    const offset = view.getUint32(at + 8, isLittle);
    bytes.fill(0, offset, offset + size);
  }
  bytes.fill(0, directory, directory + 2 + count * ENTRY_BYTES + 4);
}

/** XMP without the properties that name a place, as attributes and as elements. */
export function xmpWithoutLocation(xmp: string): string {
  const attribute = new RegExp(`\\s(?:${LOCATION_NAMES})\\s*=\\s*(?:"[^"]*"|'[^']*')`, "g");
  const element = new RegExp(`<(${LOCATION_NAMES})(?:\\s[^>]*)?(?:/>|>[\\s\\S]*?</\\1\\s*>)`, "g");
  return xmp.replace(element, "").replace(attribute, "");
}
