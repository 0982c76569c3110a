import { writeFileAtomically } from "../engine/index.js";
import type { EngineApi } from "../shared/api.js";
import type { DocumentId } from "../shared/ids.js";
import type { Target } from "./target.js";

/** How a result is written. */
export interface SaveOptions {
  readonly quality: number;
  /** False leaves prompt, seed and model out of the file. */
  readonly recipe: boolean;
}

/** Writes a document as it is shown. @throws AppError TARGET_*, DISK_FULL */
export async function exportTo(
  engine: EngineApi,
  documentId: DocumentId,
  target: Target,
  { quality, recipe }: SaveOptions,
): Promise<void> {
  const { bytes } = await engine.exportDocument({
    documentId,
    format: target.format,
    quality,
    embedRecipe: recipe,
  });
  await writeFileAtomically(target.path, bytes);
}
