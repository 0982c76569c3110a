import { AppError } from "../../core/errors.js";
import type { EditorApi } from "../../shared/api.js";
import type { DocumentInfo, ExportFormat } from "../../shared/documents.js";
import { MAX_FILE_BYTES } from "../../shared/limits.js";
import type { PickedFile } from "../app/platform.js";
import type { Size } from "../view/geometry.js";

/** How a document is written. */
export interface SaveOptions {
  readonly format: ExportFormat;
  readonly quality: number;
  readonly embedRecipe: boolean;
}

type DocumentApi = Pick<
  EditorApi,
  "openDocument" | "closeDocument" | "undo" | "redo" | "goToRevision"
>;

/** A document's state in another revision: what tiles are read of. */
export interface RevisionView {
  readonly documentId: DocumentInfo["documentId"];
  readonly revision: number;
  readonly size: Size;
}

/** The open document. Every failure is thrown; the editor shows it. */
export class DocumentController {
  info = $state.raw<DocumentInfo | null>(null);
  isBusy = $state(false);
  readonly #api: DocumentApi;
  // A revision's size is told only while it is shown, and comparing needs it later.
  readonly #sizes = new Map<number, Size>();

  constructor(api: DocumentApi) {
    this.#api = api;
  }

  /**
   * Reads and opens a picture file.
   * @throws AppError FILE_TOO_LARGE, FILE_UNREADABLE, or what the engine says of its content
   */
  async openFile(file: PickedFile, frame?: "first"): Promise<void> {
    await this.#exclusively(async () => {
      const bytes = await readFile(file);
      const name = file.name.slice(-255);
      this.adopt(
        await this.#api.openDocument(
          frame === undefined ? { name, bytes } : { name, bytes, frame },
        ),
      );
    });
  }

  /** Shows this document; another one that was open is closed. */
  adopt(info: DocumentInfo): void {
    const previous = this.info;
    if (previous?.documentId !== info.documentId) this.#sizes.clear();
    this.#sizes.set(info.revision, { width: info.width, height: info.height });
    this.info = info;
    if (previous !== null && previous.documentId !== info.documentId) {
      // Nobody waits for this: the old document's files are only tidied away.
      this.#api.closeDocument({ documentId: previous.documentId }).catch(() => undefined);
    }
  }

  /** News of the open document; of any other one they are ignored. */
  refresh(info: DocumentInfo): void {
    if (this.info?.documentId === info.documentId) this.adopt(info);
  }

  undo(): Promise<void> {
    return this.#change((documentId) => this.#api.undo({ documentId }));
  }

  redo(): Promise<void> {
    return this.#change((documentId) => this.#api.redo({ documentId }));
  }

  goToRevision(revision: number): Promise<void> {
    return this.#change((documentId) => this.#api.goToRevision({ documentId, revision }));
  }

  /** The shown revision, or null without a document. */
  get shown(): RevisionView | null {
    const { info } = this;
    if (info === null) return null;
    const { documentId, revision, width, height } = info;
    return { documentId, revision, size: { width, height } };
  }

  /** How the document began, or null if that is shown already or its size is not known. */
  get original(): RevisionView | null {
    const { info } = this;
    const first = info?.history[0];
    if (info === null || first === undefined || first.revision === info.revision) return null;
    const size = this.#sizes.get(first.revision);
    return size === undefined
      ? null
      : { documentId: info.documentId, revision: first.revision, size };
  }

  async #change(
    call: (documentId: DocumentInfo["documentId"]) => Promise<DocumentInfo>,
  ): Promise<void> {
    const { info } = this;
    if (info === null) return;
    await this.#exclusively(async () => this.refresh(await call(info.documentId)));
  }

  async #exclusively(work: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      await work();
    } finally {
      this.isBusy = false;
    }
  }
}

async function readFile(file: PickedFile): Promise<Uint8Array> {
  if (file.byteLength > MAX_FILE_BYTES) {
    throw new AppError(
      "FILE_TOO_LARGE",
      `Expected a file of at most ${MAX_FILE_BYTES / 1024 / 1024} MB but ${file.name} has ${Math.ceil(file.byteLength / 1024 / 1024)} MB. Save it smaller or in another format first.`,
      { byteLength: file.byteLength },
    );
  }
  try {
    return await file.read();
  } catch (error) {
    throw new AppError(
      "FILE_UNREADABLE",
      `Expected a file that can be read but ${file.name} cannot: it may be a folder, or it was moved. Drop the picture file itself.`,
      {},
      { cause: error },
    );
  }
}
