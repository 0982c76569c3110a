import type { EngineApi } from "../shared/api.js";
import type { Draft } from "../shared/drafts.js";

/**
 * True if an open picture has changes that are in no file, or a mask or words that were begun on it:
 * what a crash would have left to the next start, whoever ends the host leaves to it as well.
 */
export async function hasUnsavedWork(
  engine: Pick<EngineApi, "listDocuments" | "readDraft">,
): Promise<boolean> {
  const { documents } = await engine.listDocuments({});
  if (documents.some(({ isDirty }) => isDirty)) return true;
  for (const { documentId } of documents) {
    const { draft } = await engine.readDraft({ documentId });
    if (draft !== null && isBegun(draft)) return true;
  }
  return false;
}

/** A panel that was looked at or a lock that was moved is no work that anybody would miss. */
function isBegun({ mask, settings }: Draft): boolean {
  const { prompt, negativePrompt, generatePrompt, extendPrompt } = settings;
  const words = [prompt, negativePrompt, generatePrompt, extendPrompt];
  return mask !== null || words.some((text) => text.trim() !== "");
}
