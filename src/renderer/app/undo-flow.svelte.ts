import { tick } from "svelte";
import type { Transform } from "../../shared/documents.js";
import type { Editor } from "./editor.svelte.js";

/** Undo and redo of what is in front: strokes of the mask, and states of the picture. */
export class UndoFlow {
  readonly #editor: Editor;

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  get canUndo(): boolean {
    if (!this.#editor.job.isIdle || this.#editor.document.isBusy) return false;
    return this.#canUndoMask || (this.#editor.document.info?.canUndo ?? false);
  }

  get canRedo(): boolean {
    if (!this.#editor.job.isIdle || this.#editor.document.isBusy) return false;
    return this.#canRedoMask || (this.#editor.document.info?.canRedo ?? false);
  }

  /** Strokes of the mask are newer than the shown revision, so they are taken back first. */
  async undo(): Promise<void> {
    if (!this.canUndo) return;
    if (this.#canUndoMask) this.#editor.mask.undo();
    else await this.#changeRevision(() => this.#editor.document.undo());
  }

  async redo(): Promise<void> {
    if (!this.canRedo) return;
    if (this.#canRedoMask) this.#editor.mask.redo();
    else await this.#changeRevision(() => this.#editor.document.redo());
  }

  // While the mask is out of sight nothing of it may change.
  get #canUndoMask(): boolean {
    return this.#editor.usesMask && this.#editor.mask.canUndo;
  }

  get #canRedoMask(): boolean {
    return this.#editor.usesMask && this.#editor.mask.canRedo;
  }

  async goToRevision(revision: number): Promise<void> {
    if (this.#editor.job.isIdle)
      await this.#changeRevision(() => this.#editor.document.goToRevision(revision));
  }

  /** A job under way or a result that waits belongs to the picture as it lies. */
  get canTransform(): boolean {
    const { job, document } = this.#editor;
    return document.info !== null && !document.isBusy && job.isIdle && !job.isUnfinished;
  }

  /** Crops or turns the picture, which then is shown as a whole. */
  async transform(transform: Transform): Promise<void> {
    if (this.canTransform)
      await this.#changeRevision(() => this.#editor.document.transform(transform));
  }

  async #changeRevision(change: () => Promise<void>): Promise<void> {
    const { document, mask } = this.#editor.workspace;
    const { frame } = document;
    await this.#editor.attempt(async () => {
      await change();
      const after = document.info;
      if (after === null) return;
      if (document.frame === frame) return mask.keepFor(after);
      // Neither mask nor view mean anything in another frame.
      mask.reset(after);
      await tick();
      this.#editor.viewport.fit();
    });
  }
}
