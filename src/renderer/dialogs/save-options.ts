import {
  PROJECT_FORMAT,
  SAVE_FORMATS,
  type DocumentInfo,
  type SaveFormat,
} from "../../shared/documents.js";
import type { SaveOptions } from "../document/document-controller.svelte.js";
import { messages } from "../text/messages.js";

/** Formats that trade quality for size. */
export function usesQuality(format: SaveFormat): boolean {
  return format === "jpeg" || format === "webp" || format === "avif";
}

/** The format that the picture came in, if it can be written; else one that loses nothing. */
export function defaultFormat(info: DocumentInfo): SaveFormat {
  return SAVE_FORMATS.find((format) => format === info.format) ?? "png";
}

/** What the format would take away from this picture, or null. */
export function saveNote(format: SaveFormat, info: DocumentInfo): string | null {
  if (format === PROJECT_FORMAT) return messages.save.project;
  if (format === "jpeg" && info.hasAlpha) return messages.save.noAlpha;
  return savedDepth(format, info) < info.depth ? messages.save.sixteenBit : null;
}

/** Which of the photo's own metadata goes along. */
export type MetadataChoice = SaveOptions["metadata"];
export const METADATA_CHOICES = ["all", "no-location", "none"] as const satisfies MetadataChoice[];

/** Bits a sample of the file. */
export function savedDepth(format: SaveFormat, info: DocumentInfo): 8 | 16 {
  return format === "png" || format === "tiff" || format === PROJECT_FORMAT ? info.depth : 8;
}

const EXTENSIONS: Readonly<Record<SaveFormat, string>> = {
  png: "png",
  jpeg: "jpg",
  webp: "webp",
  tiff: "tiff",
  avif: "avif",
  ora: "ora",
};

/** A name with the extension of the format in place of its own one. */
export function fileName(name: string, format: SaveFormat): string {
  const bare = name.trim().replace(/\.(?:png|jpe?g|webp|tiff?|avif|gif|ora)$/i, "");
  return `${bare === "" ? messages.untitled : bare}.${EXTENSIONS[format]}`;
}

/** Dots an inch on offer: screen, draft, fine print, art print. */
export const PRINT_RESOLUTIONS = [72, 150, 300, 600] as const;
const CENTIMETRES_PER_INCH = 2.54;

/** Width and height on paper, first in centimetres, then in inches. */
export function printSize(
  { width, height }: Pick<DocumentInfo, "width" | "height">,
  dpi: number,
): [number, number, number, number] {
  const inches = [width / dpi, height / dpi] as const;
  return [inches[0] * CENTIMETRES_PER_INCH, inches[1] * CENTIMETRES_PER_INCH, ...inches];
}
