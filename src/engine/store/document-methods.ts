import { currentEntry, type DocumentState } from "../../core/document/history.js";
import type { EngineApi, RequestOf } from "../../shared/api.js";
import { EXPORT_FACTS, writePicture } from "../files/write-picture.js";
import { metadataFor } from "../files/private-metadata.js";
import { recipeOf } from "../recipes.js";
import { describeDocument } from "./describe-document.js";
import type { StoredEntry } from "./document-file.js";
import { stepsOf, type DocumentStore } from "./document-store.js";
import { exportName } from "./export-name.js";
import { plainBytes } from "./plain-bytes.js";
import { Recoveries } from "./recoveries.js";
import { RevisionThumbnails } from "./revision-thumbnails.js";

type DocumentMethods = Pick<
  EngineApi,
  | "listDocuments"
  | "exportDocument"
  | "measureExport"
  | "readRevisionThumbnail"
  | "listRecoveries"
  | "recoverDocument"
  | "forgetRecovery"
  | "setMemory"
>;

/** Methods that only need the documents: what they look like, their files, and what a crash left. */
export function documentMethods(store: DocumentStore, sessionDir: string): DocumentMethods {
  const recoveries = new Recoveries(sessionDir);
  const thumbnails = new RevisionThumbnails(store);
  return {
    listDocuments: async () => ({ documents: (await store.list()).map(describeDocument) }),
    exportDocument: (request) => exportDocument(store, request),
    measureExport: async (request) => {
      const { bytes } = await exportDocument(store, request);
      return { bytes: bytes.byteLength };
    },
    readRevisionThumbnail: ({ documentId, revision, side }) =>
      thumbnails.read(documentId, revision, side),
    listRecoveries: async () => ({ recoveries: await recoveries.list() }),
    recoverDocument: async ({ recoveryId }) => {
      const documentId = await recoveries.take(recoveryId);
      return describeDocument(await store.get(documentId));
    },
    forgetRecovery: async ({ recoveryId }) => {
      await recoveries.forget(recoveryId);
      return {};
    },
    setMemory: async ({ megabytes }) => {
      store.setMemory(megabytes);
      return {};
    },
  };
}

async function exportDocument(store: DocumentStore, request: RequestOf<"exportDocument">) {
  const { documentId, format, quality, embedRecipe, metadata = "all" } = request;
  const file = await store.get(documentId);
  const state: DocumentState<StoredEntry> = file.state;
  const { revision } = currentEntry(state);
  const raster = await store.raster(documentId, revision);
  const shown = stepsOf(state.entries.slice(0, state.cursor + 1));
  const steps = [...(file.forgotten?.steps ?? []), ...shown];
  const bytes = await writePicture(raster, {
    format,
    quality,
    metadata: metadataFor(await store.metadata(file), metadata),
    recipe: embedRecipe ? recipeOf(steps, await store.source(file), raster) : null,
  });
  const { mediaType, extension } = EXPORT_FACTS[format];
  const name = exportName(file.name, extension);
  return { name, mediaType, bytes: plainBytes(bytes), revision };
}
