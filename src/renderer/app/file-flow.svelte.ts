import { AppError } from "../../core/errors.js";
import type { EditorApi } from "../../shared/api.js";
import { PROJECT_FORMAT, type DocumentInfo } from "../../shared/documents.js";
import type { SaveOptions } from "../document/document-controller.svelte.js";
import type { DraftKeeper } from "../document/draft-keeper.js";
import { readPickedFile } from "../document/read-file.js";
import type { Workspace } from "../document/workspace.svelte.js";
import type { Notices } from "../notices/notices.svelte.js";
import type { Preferences } from "../settings/preferences.svelte.js";
import type { Tabs } from "../tabs/tabs.svelte.js";
import { formatMegabytes } from "../text/format.js";
import { messages } from "../text/messages.js";
import type { Dialogs } from "./dialogs.svelte.js";
import type { PickedFile, Platform } from "./platform.js";

/** What the flow works with; the editor is one. */
export interface FileFlowParts {
  readonly api: Pick<
    EditorApi,
    | "listDocuments"
    | "openDocument"
    | "closeDocument"
    | "openDocumentDialog"
    | "saveDocumentDialog"
    | "exportDocument"
    | "markSaved"
  >;
  readonly platform: Pick<Platform, "pickFiles" | "download">;
  readonly appInfo: { readonly host: "electron" | "loopback" } | null;
  readonly tabs: Tabs;
  readonly drafts: Pick<DraftKeeper, "restore" | "forget">;
  readonly dialogs: Dialogs;
  readonly notices: Notices;
  readonly preferences: Preferences;
}

/** Opening, saving and closing, with native dialogs in Electron and the browser's own ones elsewhere. */
export class FileFlow {
  /** Pictures that are being read and decoded at the moment. */
  opening = $state(0);
  readonly #parts: FileFlowParts;

  constructor(parts: FileFlowParts) {
    this.#parts = parts;
  }

  /** Asks for files and opens each in a tab of its own. */
  async open(): Promise<void> {
    if (this.#isElectron) {
      await this.openBy(() => this.#parts.api.openDocumentDialog({}));
      return;
    }
    await this.openFiles(await this.#parts.platform.pickFiles());
  }

  /** Opens picked, dropped or pasted files one after another: several at once would only share the cores. */
  async openFiles(files: readonly PickedFile[]): Promise<void> {
    for (const file of files) await this.openFile(file);
  }

  /** Opens one file in a tab of its own; a failure becomes a notice. */
  async openFile(file: PickedFile, frame?: "first"): Promise<void> {
    const openFirst = () => void this.openFile(file, "first");
    await this.openBy(async () => {
      const read = await readPickedFile(file);
      return this.#parts.api.openDocument(frame === undefined ? read : { ...read, frame });
    }, openFirst);
  }

  /**
   * Shows what `open` gives; null if the person changed their mind.
   * @param openFirstFrame offered if it turns out to be an animation
   */
  async openBy(
    open: () => Promise<DocumentInfo | null>,
    openFirstFrame?: () => void,
  ): Promise<void> {
    const { notices } = this.#parts;
    this.opening++;
    try {
      const info = await open();
      if (info === null) return;
      notices.dismissErrors();
      // A project also holds what was begun on it.
      if (info.format === PROJECT_FORMAT) await this.resume(info);
      else this.adopt(info);
    } catch (error) {
      const isAnimated = error instanceof AppError && error.code === "IMAGE_ANIMATED";
      const label = messages.notices.openFirstFrame;
      const actions = isAnimated && openFirstFrame ? [{ label, run: openFirstFrame }] : [];
      notices.showError(error, actions);
    } finally {
      this.opening--;
    }
  }

  /** Shows a document that the engine has open: in its tab, or in a new one. */
  adopt(info: DocumentInfo): void {
    const { tabs } = this.#parts;
    const known = tabs.ofDocument(info.documentId);
    if (known === null) tabs.makeRoom().adopt(info);
    else {
      known.document.refresh(info);
      tabs.show(known);
    }
  }

  /** Shows a document that an earlier run left behind, with what was begun on it. */
  async resume(info: DocumentInfo): Promise<void> {
    this.adopt(info);
    await this.#restoreDraft(info);
  }

  /**
   * Shows what was open when the page was loaded before, or its process died, and in front of it what
   * the host was started with. Answers take their time: whoever opened or chose another picture in the
   * meantime stays there, and the rest comes into tabs behind it.
   */
  async resumeAll(startup: DocumentInfo | null): Promise<void> {
    const { api, tabs } = this.#parts;
    let ours: Workspace | null = null;
    const bring = (info: DocumentInfo): void => {
      const { active } = tabs;
      const isLeftToUs = ours === null ? active.isBlank : active === ours;
      this.adopt(info);
      if (isLeftToUs) ours = tabs.active;
      else tabs.show(active);
    };
    try {
      const { documents } = await api.listDocuments({});
      for (const document of documents) {
        if (tabs.ofDocument(document.documentId) !== null) continue;
        bring(document);
        await this.#restoreDraft(document);
      }
    } finally {
      if (startup !== null) bring(startup);
    }
  }

  async #restoreDraft({ documentId }: DocumentInfo): Promise<void> {
    const { tabs, drafts } = this.#parts;
    const workspace = tabs.ofDocument(documentId);
    if (workspace !== null) await drafts.restore(workspace);
  }

  /** A document was closed in another window, if it still has a tab here. */
  afterClose(documentId: DocumentInfo["documentId"]): void {
    const { tabs, notices } = this.#parts;
    const workspace = tabs.ofDocument(documentId);
    const name = workspace?.document.info?.name;
    if (workspace === null || name === undefined) return;
    tabs.remove(workspace);
    notices.show({ tone: "info", title: messages.tabs.closedElsewhere(name) });
  }

  /** News of an open document; that its oldest states went is told. */
  refresh(info: DocumentInfo): void {
    const { tabs, notices } = this.#parts;
    const document = tabs.ofDocument(info.documentId)?.document;
    const before = document?.info?.forgottenStates ?? 0;
    document?.refresh(info);
    const forgotten = (info.forgottenStates ?? 0) - before;
    if (document === undefined || forgotten <= 0) return;
    const { memoryMegabytes } = this.#parts.preferences.current;
    const text = messages.historyPanel;
    const body = text.forgottenBody(formatMegabytes(memoryMegabytes));
    notices.show({ tone: "info", title: text.forgotten(forgotten), body });
  }

  /** Opens the dialog for a file's format and quality. `then` runs once the file is written. */
  askToSave(then: (() => void) | null = null): void {
    const { tabs, dialogs } = this.#parts;
    if (tabs.active.document.info !== null) dialogs.open({ kind: "save", then });
  }

  /** @param name the file's name where the browser puts it; Electron's own dialog asks for one */
  async save(options: SaveOptions, name?: string): Promise<void> {
    const { tabs, dialogs, notices } = this.#parts;
    const { document } = tabs.active;
    const dialog = dialogs.current;
    if (document.info === null) return;
    try {
      const written = await this.#write(document, document.info, options, name);
      if (written === null) return;
      notices.show({ tone: "success", title: messages.save.saved(written) });
      dialogs.close();
      if (dialog.kind === "save") dialog.then?.();
    } catch (error) {
      notices.showError(error);
    }
  }

  /** Closes a tab, after asking about jobs that are not at their end and changes that are in no file. */
  close(workspace: Workspace = this.#parts.tabs.active): void {
    if (!workspace.job.isUnfinished) return this.#closeUnlessUnsaved(workspace);
    this.#ask(workspace, "unfinished", () => this.#closeUnlessUnsaved(workspace));
  }

  #closeUnlessUnsaved(workspace: Workspace): void {
    if (workspace.document.info?.isDirty !== true) void this.#close(workspace);
    else this.#ask(workspace, "unsaved", () => void this.#close(workspace));
  }

  /** The question is about the picture behind it, so that one must be seen. */
  #ask(workspace: Workspace, kind: "unfinished" | "unsaved", proceed: () => void): void {
    const { tabs, dialogs } = this.#parts;
    tabs.show(workspace);
    dialogs.open({ kind, proceed });
  }

  get #isElectron(): boolean {
    return this.#parts.appInfo?.host === "electron";
  }

  async #close(workspace: Workspace): Promise<void> {
    const { api, drafts, tabs, notices } = this.#parts;
    const { job, document } = workspace;
    const { info } = document;
    tabs.remove(workspace);
    drafts.forget(workspace);
    try {
      await job.endAll();
      if (info !== null) await api.closeDocument({ documentId: info.documentId });
    } catch (error) {
      // A document that is gone already needs no closing.
      const isGone = error instanceof AppError && error.code === "DOCUMENT_UNKNOWN";
      if (!isGone) notices.showError(error);
    }
  }

  /** Writes the file; returns its name, or null if the person changed their mind. */
  async #write(
    document: Workspace["document"],
    info: DocumentInfo,
    options: SaveOptions,
    name?: string,
  ): Promise<string | null> {
    const { api, platform } = this.#parts;
    const { documentId } = info;
    if (this.#isElectron) {
      const reply = await api.saveDocumentDialog({ documentId, ...options });
      return reply.saved ? (reply.name ?? info.name) : null;
    }
    const file = await api.exportDocument({ documentId, ...options });
    platform.download({ ...file, name: name ?? file.name });
    document.refresh(await api.markSaved({ documentId, revision: file.revision }));
    return name ?? file.name;
  }
}
