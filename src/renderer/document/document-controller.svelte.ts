import type { EditorApi } from "../../shared/api.js";
import type { DocumentInfo, SaveFormat, Transform } from "../../shared/documents.js";
import type { Size } from "../view/geometry.js";

/** How a document is written. */
export interface SaveOptions {
  readonly format: SaveFormat;
  readonly quality: number;
  readonly embedRecipe: boolean;
  /** Which of the photo's own metadata goes along; its colour profile always does. */
  readonly metadata: "all" | "no-location" | "none";
}

type DocumentApi = Pick<EditorApi, "undo" | "redo" | "goToRevision" | "transformDocument">;

/** A document's state in another revision: what tiles are read of. */
export interface RevisionView {
  readonly documentId: DocumentInfo["documentId"];
  readonly revision: number;
  readonly size: Size;
}

/** The document of one tab. Every failure is thrown; the editor shows it. */
export class DocumentController {
  info = $state.raw<DocumentInfo | null>(null);
  isBusy = $state(false);
  readonly #api: DocumentApi;
  // A revision's size is told only while it is shown, and comparing needs it later.
  readonly #sizes = new Map<number, Size>();

  constructor(api: DocumentApi) {
    this.#api = api;
  }

  /** Shows this document. */
  adopt(info: DocumentInfo): void {
    if (this.info?.documentId !== info.documentId) this.#sizes.clear();
    this.#sizes.set(info.revision, { width: info.width, height: info.height });
    this.info = info;
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

  transform(transform: Transform): Promise<void> {
    return this.#change((documentId) => this.#api.transformDocument({ documentId, transform }));
  }

  /** The state since which the picture was neither cropped nor turned, or null without a document. */
  get frame(): number | null {
    const { info } = this;
    if (info === null) return null;
    const shown = info.history.findIndex(({ revision }) => revision === info.revision);
    const states = info.history.slice(0, shown + 1);
    const framed = states.findLast(({ kind }) => kind === "transform") ?? info.history[0];
    return framed?.revision ?? null;
  }

  /** The shown revision, or null without a document. */
  get shown(): RevisionView | null {
    const { info } = this;
    if (info === null) return null;
    const { documentId, revision, width, height } = info;
    return { documentId, revision, size: { width, height } };
  }

  /** How the document began in its present frame, or null if that is shown already or its size is not known. */
  get original(): RevisionView | null {
    const { info, frame } = this;
    if (info === null || frame === null || frame === info.revision) return null;
    const size = this.#sizes.get(frame);
    return size === undefined ? null : { documentId: info.documentId, revision: frame, size };
  }

  async #change(
    call: (documentId: DocumentInfo["documentId"]) => Promise<DocumentInfo>,
  ): Promise<void> {
    const { info } = this;
    if (info === null) return;
    this.isBusy = true;
    try {
      this.refresh(await call(info.documentId));
    } finally {
      this.isBusy = false;
    }
  }
}
