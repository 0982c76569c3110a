import { basename } from "node:path";
import { readFileBytes } from "../engine/index.js";
import type { EngineApi } from "../shared/api.js";
import type { DocumentInfo } from "../shared/documents.js";
import { MAX_NAME_CHARS } from "../shared/limits.js";

/** Options that say how a picture is opened. */
export interface InputOptions {
  /** Takes the first picture of an animation, which is refused otherwise. */
  readonly firstFrame?: boolean;
}

/** Opens a picture file. @throws AppError FILE_*, IMAGE_* */
export async function openInput(
  engine: EngineApi,
  path: string,
  { firstFrame }: InputOptions,
): Promise<DocumentInfo> {
  const name = basename(path).slice(-MAX_NAME_CHARS);
  const bytes = await readFileBytes(path);
  return engine.openDocument({ name, bytes, ...(firstFrame === true ? { frame: "first" } : {}) });
}
