import { AppError } from "../../core/errors.js";
import type { EditorApi } from "../../shared/api.js";
import type { DocumentInfo } from "../../shared/documents.js";
import type { DocumentController, SaveOptions } from "../document/document-controller.svelte.js";
import type { JobController } from "../job/job-controller.svelte.js";
import type { Notices } from "../notices/notices.svelte.js";
import { messages } from "../text/messages.js";
import type { Dialogs } from "./dialogs.svelte.js";
import type { PickedFile, Platform } from "./platform.js";

/** What the flow works with; the editor is one. */
export interface FileFlowParts {
  readonly api: Pick<
    EditorApi,
    "openDocumentDialog" | "saveDocumentDialog" | "exportDocument" | "markSaved"
  >;
  readonly platform: Pick<Platform, "pickFile" | "download">;
  readonly appInfo: { readonly host: "electron" | "loopback" } | null;
  readonly document: DocumentController;
  readonly job: JobController;
  readonly dialogs: Dialogs;
  readonly notices: Notices;
  afterOpening(info: DocumentInfo): void;
}

/** Opening and saving, with native dialogs in Electron and the browser's own ones elsewhere. */
export class FileFlow {
  readonly #parts: FileFlowParts;

  constructor(parts: FileFlowParts) {
    this.#parts = parts;
  }

  /** Asks for a file and opens it. */
  async open(): Promise<void> {
    if (this.#isElectron) {
      this.replaceDocument(() => void this.#openByNativeDialog());
      return;
    }
    const file = await this.#parts.platform.pickFile();
    if (file !== null) this.openFile(file);
  }

  /** Opens a picked, dropped or pasted file, after asking about unsaved changes. */
  openFile(file: PickedFile): void {
    this.replaceDocument(() => void this.#openFile(file));
  }

  /** Shows a document that is open already. */
  adopt(info: DocumentInfo): void {
    const { document } = this.#parts;
    const isOther = document.info?.documentId !== info.documentId;
    document.adopt(info);
    if (isOther) this.#parts.afterOpening(info);
  }

  /** Opens the dialog for a file's format and quality. `then` runs once the file is written. */
  askToSave(then: (() => void) | null = null): void {
    if (this.#parts.document.info !== null) this.#parts.dialogs.open({ kind: "save", then });
  }

  async save(options: SaveOptions): Promise<void> {
    const { document, dialogs, notices } = this.#parts;
    const { info } = document;
    const dialog = dialogs.current;
    if (info === null) return;
    try {
      const name = await this.#write(info, options);
      if (name === null) return;
      notices.show({ tone: "success", title: messages.save.saved(name) });
      dialogs.close();
      if (dialog.kind === "save") dialog.then?.();
    } catch (error) {
      notices.showError(error);
    }
  }

  /** Another document is about to come: asks about unsaved changes and ends what still runs. */
  replaceDocument(proceed: () => void): void {
    const { job, notices } = this.#parts;
    this.askIfUnsaved(() => {
      const ended = Promise.all([job.cancel(), job.discard()]);
      ended.catch((error: unknown) => notices.showError(error));
      proceed();
    });
  }

  askIfUnsaved(proceed: () => void): void {
    const { document, dialogs } = this.#parts;
    if (document.info?.isDirty === true) dialogs.open({ kind: "unsaved", proceed });
    else proceed();
  }

  get #isElectron(): boolean {
    return this.#parts.appInfo?.host === "electron";
  }

  async #openByNativeDialog(): Promise<void> {
    const { api, notices } = this.#parts;
    try {
      const info = await api.openDocumentDialog({});
      if (info !== null) this.adopt(info);
    } catch (error) {
      notices.showError(error);
    }
  }

  async #openFile(file: PickedFile, frame?: "first"): Promise<void> {
    const { document, notices } = this.#parts;
    try {
      const before = document.info;
      await document.openFile(file, frame);
      const { info } = document;
      if (info !== null && info.documentId !== before?.documentId) this.#parts.afterOpening(info);
    } catch (error) {
      const isAnimated = error instanceof AppError && error.code === "IMAGE_ANIMATED";
      const openFirst = () => void this.#openFile(file, "first");
      const label = messages.notices.openFirstFrame;
      notices.showError(error, isAnimated ? [{ label, run: openFirst }] : []);
    }
  }

  /** Writes the file; returns its name, or null if the person changed their mind. */
  async #write(info: DocumentInfo, options: SaveOptions): Promise<string | null> {
    const { api, platform, document } = this.#parts;
    const { documentId } = info;
    if (this.#isElectron) {
      const { saved, name } = await api.saveDocumentDialog({ documentId, ...options });
      return saved ? (name ?? info.name) : null;
    }
    const file = await api.exportDocument({ documentId, ...options });
    platform.download(file);
    document.refresh(await api.markSaved({ documentId, revision: file.revision }));
    return file.name;
  }
}
