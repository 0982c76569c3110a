import { tick } from "svelte";
import type { Transform } from "../../shared/documents.js";
import type { Editor } from "./editor.svelte.js";

/** Undo and redo of what is in front: strokes of the mask, and states of the picture. */
export class UndoFlow {
  readonly #editor: Editor;
  /** The last change of the picture that was asked for. */
  #last: Promise<void> = Promise.resolve();

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  get canUndo(): boolean {
    if (!this.#editor.job.isIdle) return false;
    return this.#canUndoMask || (this.#editor.document.info?.canUndo ?? false);
  }

  get canRedo(): boolean {
    if (!this.#editor.job.isIdle) return false;
    return this.#canRedoMask || (this.#editor.document.info?.canRedo ?? false);
  }

  /** Strokes of the mask are newer than the shown revision, so they are taken back first. */
  undo(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.canUndo) return;
      if (this.#canUndoMask) this.#editor.mask.undo();
      else await this.#changeRevision(() => this.#editor.document.undo());
    });
  }

  redo(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.canRedo) return;
      if (this.#canRedoMask) this.#editor.mask.redo();
      else await this.#changeRevision(() => this.#editor.document.redo());
    });
  }

  // While the mask is out of sight nothing of it may change.
  get #canUndoMask(): boolean {
    return this.#editor.usesMask && this.#editor.mask.canUndo;
  }

  get #canRedoMask(): boolean {
    return this.#editor.usesMask && this.#editor.mask.canRedo;
  }

  goToRevision(revision: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#editor.job.isIdle)
        await this.#changeRevision(() => this.#editor.document.goToRevision(revision));
    });
  }

  /** A job under way or a result that waits belongs to the picture as it lies. */
  get canTransform(): boolean {
    const { job, document } = this.#editor;
    return document.info !== null && job.isIdle && !job.isUnfinished;
  }

  /**
   * Crops or turns the picture, which then is shown as a whole.
   * @param choose what is to be done with the picture as it lies by then; null for nothing
   */
  transform(choose: () => Transform | null): Promise<void> {
    return this.#inTurn(async () => {
      const transform = this.canTransform ? choose() : null;
      if (transform !== null)
        await this.#changeRevision(() => this.#editor.document.transform(transform));
    });
  }

  /**
   * One change after another: a key that is pressed during one is meant for what comes of it, unless
   * another document is looked at by then.
   */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const { workspace } = this.#editor;
    const turn = this.#last.then(async () => {
      if (this.#editor.workspace === workspace) await change();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
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
