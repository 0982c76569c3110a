import type { FileFilter } from "electron";
import type { SaveFormat } from "../shared/documents.js";

/** Pictures that can be opened. */
export const OPEN_FILTERS: FileFilter[] = [
  {
    name: "Pictures",
    extensions: ["png", "jpg", "jpeg", "webp", "tif", "tiff", "avif", "gif", "ora"],
  },
  { name: "All files", extensions: ["*"] },
];

/** Names of the export formats, and their extensions; the first is added where none is given. */
const EXPORT_TYPES: Readonly<Record<SaveFormat, readonly [name: string, ...string[]]>> = {
  png: ["PNG", "png"],
  jpeg: ["JPEG", "jpg", "jpeg"],
  webp: ["WebP", "webp"],
  tiff: ["TIFF", "tif", "tiff"],
  avif: ["AVIF", "avif"],
  ora: ["OpenRaster", "ora"],
};

/** What a save dialog offers for a format. */
export function saveFilters(format: SaveFormat): FileFilter[] {
  const [name, ...extensions] = EXPORT_TYPES[format];
  return [{ name, extensions }];
}

/** The extension for a format, without its dot. */
export function extensionOf(format: SaveFormat): string {
  return EXPORT_TYPES[format][1] ?? format;
}
