import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../../core/errors.js";
import type { Recovery } from "../../shared/documents.js";
import { documentIdSchema, type DocumentId } from "../../shared/ids.js";
import { isAbandoned } from "../process/session-owner.js";
import type { DocumentFile } from "./document-file.js";
import { DOCUMENTS_FOLDER, DocumentFolder } from "./document-folder.js";
import { describeDocument } from "./describe-document.js";

/** Older ones are deleted: what nobody asked for in a month is not missed, and pictures are large. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** Session folder and document, both names without separators: the id never leads elsewhere. */
const RECOVERY_ID = /^([A-Za-z0-9][A-Za-z0-9_-]{0,99})\/([A-Za-z0-9_-]+)$/;

interface Found {
  readonly folder: DocumentFolder;
  readonly file: DocumentFile;
  readonly recovery: Recovery;
}

/**
 * Documents in session folders whose host is gone without having tidied up: it crashed, or the power
 * failed. Session folders of one kind of host lie side by side.
 */
export class Recoveries {
  constructor(
    private readonly sessionDir: string,
    private readonly now: () => number = Date.now,
  ) {}

  /** All that can be offered, newest first; deletes what is too old, and folders that are empty. */
  async list(): Promise<readonly Recovery[]> {
    const parent = dirname(this.sessionDir);
    const names = await readdir(parent).catch(() => []);
    const found: Recovery[] = [];
    for (const name of names) {
      const session = join(parent, name);
      if (session === this.sessionDir || !(await isAbandoned(session))) continue;
      const recoveries = await this.#sort(name);
      found.push(...recoveries);
      if (recoveries.length === 0) await removeIfEmpty(session);
    }
    return found.sort((a, b) => b.changedAt - a.changedAt);
  }

  /**
   * Moves a document, with its whole history, into this session.
   * @throws AppError DOCUMENT_UNKNOWN if it is gone, IMAGE_DAMAGED if it cannot be read
   */
  async take(recoveryId: string): Promise<DocumentId> {
    const { session, documentId, folder } = await this.#require(recoveryId);
    if ((await folder.readIndex()) === null) throw unknownRecovery(recoveryId);
    const target = join(this.sessionDir, DOCUMENTS_FOLDER);
    await mkdir(target, { recursive: true });
    // One rename: of two hosts that want the same document, one gets it and the other is told.
    await rename(folder.path, join(target, documentId)).catch(() => {
      throw unknownRecovery(recoveryId);
    });
    await removeIfEmpty(session);
    return documentId;
  }

  /** Deletes a document for good. @throws AppError DOCUMENT_UNKNOWN */
  async forget(recoveryId: string): Promise<void> {
    const { session, folder } = await this.#require(recoveryId);
    await folder.remove();
    await removeIfEmpty(session);
  }

  /** What a left session folder holds, without what is not worth offering, which is deleted. */
  async #sort(name: string): Promise<Recovery[]> {
    const parent = join(dirname(this.sessionDir), name, DOCUMENTS_FOLDER);
    const ids = await readdir(parent).catch(() => []);
    const kept: Recovery[] = [];
    for (const id of ids) {
      const folder = new DocumentFolder(join(parent, id));
      const found = await this.#read(name, folder).catch(() => null);
      const isOld = this.now() - (await changedAt(folder)) > KEPT_MS;
      if (isOld || found?.file.isTransient === true) await folder.remove();
      else if (found !== null) kept.push(found.recovery);
    }
    return kept;
  }

  async #read(session: string, folder: DocumentFolder): Promise<Found | null> {
    const file = await folder.readIndex();
    if (file === null) return null;
    const { name, width, height } = describeDocument(file);
    const recovery: Recovery = {
      recoveryId: `${session}/${file.documentId}`,
      name,
      width,
      height,
      changedAt: await changedAt(folder),
      edits: file.state.entries.length - 1 + (file.forgottenStates ?? 0),
    };
    return { folder, file, recovery };
  }

  async #require(recoveryId: string) {
    const [, name, id] = RECOVERY_ID.exec(recoveryId) ?? [];
    const documentId = documentIdSchema.safeParse(id);
    if (name === undefined || !documentId.success) throw unknownRecovery(recoveryId);
    const session = join(dirname(this.sessionDir), name);
    const folder = new DocumentFolder(join(session, DOCUMENTS_FOLDER, documentId.data));
    const isThere = session !== this.sessionDir && (await folder.exists());
    // A living host's documents are its own, whoever asks for them.
    if (!isThere || !(await isAbandoned(session))) throw unknownRecovery(recoveryId);
    return { session, documentId: documentId.data, folder };
  }
}

/** When a document was changed last, in milliseconds since 1970; 0 if that cannot be told. */
async function changedAt(folder: DocumentFolder): Promise<number> {
  const stats = await stat(folder.indexPath).catch(() => stat(folder.path).catch(() => null));
  return stats?.mtimeMs ?? 0;
}

async function removeIfEmpty(session: string): Promise<void> {
  const left = await readdir(join(session, DOCUMENTS_FOLDER)).catch(() => []);
  if (left.length === 0) await rm(session, { recursive: true, force: true });
}

function unknownRecovery(recoveryId: string): AppError {
  return new AppError(
    "DOCUMENT_UNKNOWN",
    "Expected a picture of an earlier run but it is not there any more; it may have been recovered in another window. Ask for the list again.",
    { recoveryId },
  );
}
