import type { MaskChange, TiledMask } from "../../core/mask/tiled-mask.js";

/** Memory for undo entries; the oldest are dropped beyond it. */
const BUDGET_BYTES = 128 * 1024 * 1024;

/** Undo of a mask: each entry holds the tiles of before, which cost nothing as long as they are shared. */
export class MaskUndoStack {
  #undo: MaskChange[] = [];
  #redo: MaskChange[] = [];

  get canUndo(): boolean {
    return this.#undo.length > 0;
  }

  get canRedo(): boolean {
    return this.#redo.length > 0;
  }

  /** Makes what was drawn since the last call one entry. Returns false if nothing changed. */
  commit(mask: TiledMask): boolean {
    const change = mask.takeChange();
    if (change === null) return false;
    this.#undo.push(change);
    this.#redo = [];
    this.#trim();
    return true;
  }

  undo(mask: TiledMask): void {
    swap(mask, this.#undo, this.#redo);
  }

  redo(mask: TiledMask): void {
    swap(mask, this.#redo, this.#undo);
  }

  clear(): void {
    this.#undo = [];
    this.#redo = [];
  }

  #trim(): void {
    let bytes = this.#undo.reduce((sum, change) => sum + change.bytes, 0);
    while (bytes > BUDGET_BYTES && this.#undo.length > 1) {
      bytes -= this.#undo.shift()?.bytes ?? 0;
    }
  }
}

function swap(mask: TiledMask, from: MaskChange[], to: MaskChange[]): void {
  const change = from.pop();
  if (change !== undefined) to.push(mask.restore(change));
}
