import type { EngineApi } from "../../shared/api.js";
import { describeDocument } from "./describe-document.js";
import type { DocumentStore } from "./document-store.js";
import { DocumentExports } from "./document-exports.js";
import { Recoveries } from "./recoveries.js";
import { RevisionThumbnails } from "./revision-thumbnails.js";

type DocumentMethods = Pick<
  EngineApi,
  | "listDocuments"
  | "keepDraft"
  | "readDraft"
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
  const exports = new DocumentExports(store);
  const thumbnails = new RevisionThumbnails(store);
  return {
    listDocuments: async () => ({ documents: (await store.list()).map(describeDocument) }),
    keepDraft: async ({ documentId, draft }) => {
      await store.keepDraft(documentId, draft);
      return {};
    },
    readDraft: async ({ documentId }) => ({ draft: await store.readDraft(documentId) }),
    exportDocument: (request) => exports.make(request),
    measureExport: (request) => exports.measure(request),
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
