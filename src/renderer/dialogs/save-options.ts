import { EXPORT_FORMATS, type DocumentInfo, type ExportFormat } from "../../shared/documents.js";
import { messages } from "../text/messages.js";

/** Formats that trade quality for size. */
export function usesQuality(format: ExportFormat): boolean {
  return format === "jpeg" || format === "webp" || format === "avif";
}

/** The format that the picture came in, if it can be written; else one that loses nothing. */
export function defaultFormat(info: DocumentInfo): ExportFormat {
  return EXPORT_FORMATS.find((format) => format === info.format) ?? "png";
}

/** What the format would take away from this picture, or null. */
export function saveNote(format: ExportFormat, info: DocumentInfo): string | null {
  if (format === "jpeg" && info.hasAlpha) return messages.save.noAlpha;
  const keepsDepth = format === "png" || format === "tiff";
  return info.depth === 16 && !keepsDepth ? messages.save.sixteenBit : null;
}
