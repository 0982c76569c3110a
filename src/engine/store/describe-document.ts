import { canRedo, canUndo, currentEntry, isDirty } from "../../core/document/history.js";
import { hasAlphaChannel } from "../../core/raster.js";
import type { DocumentInfo } from "../../shared/documents.js";
import type { DocumentFile, StoredEntry } from "./document-file.js";
import { wholePictureOf } from "./history-budget.js";

/** What screens see of a document; sizes are those of the shown revision. */
export function describeDocument(file: DocumentFile): DocumentInfo {
  const { documentId, name, format, metadata, state, forgottenStates } = file;
  const { width, height, channels, depth } = wholePictureOf(state, state.cursor);
  return {
    documentId,
    name,
    width,
    height,
    channels,
    depth,
    hasAlpha: hasAlphaChannel(channels),
    format,
    hasIccProfile: metadata.icc !== null,
    revision: currentEntry<StoredEntry>(state).revision,
    canUndo: canUndo(state),
    canRedo: canRedo(state),
    history: state.entries.map(({ revision, label, kind }) => ({ revision, label, kind })),
    isDirty: isDirty(state),
    ...(forgottenStates === undefined ? {} : { forgottenStates }),
  };
}
