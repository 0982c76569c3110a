import { basename } from "node:path";
import { readFileBytes } from "../engine/files/read-bytes.js";
import type { EngineApi } from "../shared/api.js";
import type { DocumentInfo } from "../shared/documents.js";
import { MAX_NAME_CHARS } from "../shared/limits.js";

/**
 * Opens a file that the person named: on the command line, in a dialog, by the system.
 * @throws AppError of reading (FILE_*) and of the engine (FILE_*, IMAGE_*)
 */
export async function openPath(engine: EngineApi, path: string): Promise<DocumentInfo> {
  const bytes = await readFileBytes(path);
  const name = basename(path).slice(-MAX_NAME_CHARS);
  return engine.openDocument({ name: name === "" ? "picture" : name, bytes });
}
