import { extname } from "node:path";
import { MAX_NAME_CHARS } from "../../shared/limits.js";

/** A document's name with another extension, for an exported file. */
export function exportName(name: string, extension: string): string {
  const bare = name.slice(0, name.length - extname(name).length) || "picture";
  return `${bare.slice(0, MAX_NAME_CHARS - extension.length - 1)}.${extension}`;
}
