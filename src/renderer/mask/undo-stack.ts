import { readCoverage, writeCoverage, type Coverage } from "../../core/mask/coverage.js";
import { uniteRects, type Rect } from "../../core/rect.js";

/** Values that lay under a rectangle of the mask. */
interface Patch {
  readonly rect: Rect;
  readonly alpha: Uint8Array;
}

/** Memory for undo entries; the oldest are dropped beyond it. */
const BUDGET_BYTES = 128 * 1024 * 1024;

/**
 * Undo of a mutable mask. While a stroke is drawn, what each dab is about to cover is copied; at the
 * end these copies become one patch, so an entry costs the stroke's bounding box.
 */
export class MaskUndoStack {
  #undo: Patch[] = [];
  #redo: Patch[] = [];
  #open: Patch[] = [];

  get canUndo(): boolean {
    return this.#undo.length > 0;
  }

  get canRedo(): boolean {
    return this.#redo.length > 0;
  }

  /** Remembers what is there; to be called before `rect` (inside the mask) is drawn over. */
  remember(coverage: Coverage, rect: Rect): void {
    if (rect.width > 0 && rect.height > 0) {
      this.#open.push({ rect, alpha: readCoverage(coverage, rect) });
    }
  }

  /** Ends an entry. Returns false if nothing was remembered. */
  commit(coverage: Coverage): boolean {
    const before = mergeOldest(coverage, this.#open);
    this.#open = [];
    if (before === null) return false;
    this.#undo.push(before);
    this.#redo = [];
    this.#trim();
    return true;
  }

  /** Takes the last entry back; returns the rectangle that changed, or null. */
  undo(coverage: Coverage): Rect | null {
    return swap(coverage, this.#undo, this.#redo);
  }

  redo(coverage: Coverage): Rect | null {
    return swap(coverage, this.#redo, this.#undo);
  }

  clear(): void {
    this.#undo = [];
    this.#redo = [];
    this.#open = [];
  }

  #trim(): void {
    let bytes = this.#undo.reduce((sum, patch) => sum + patch.alpha.byteLength, 0);
    while (bytes > BUDGET_BYTES && this.#undo.length > 1) {
      bytes -= this.#undo.shift()?.alpha.byteLength ?? 0;
    }
  }
}

function swap(coverage: Coverage, from: Patch[], to: Patch[]): Rect | null {
  const patch = from.pop();
  if (patch === undefined) return null;
  to.push({ rect: patch.rect, alpha: readCoverage(coverage, patch.rect) });
  return writeCoverage(coverage, patch.rect, patch.alpha);
}

/** One patch with what lay under all of them before the first. */
function mergeOldest(coverage: Coverage, patches: readonly Patch[]): Patch | null {
  const [first, ...rest] = patches;
  if (first === undefined) return null;
  if (rest.length === 0) return first;
  const rect = rest.reduce((union, patch) => uniteRects(union, patch.rect), first.rect);
  const now = readCoverage(coverage, rect);
  // Put the copies back from the newest to the oldest: the oldest has the last word.
  for (const patch of patches.toReversed()) writeCoverage(coverage, patch.rect, patch.alpha);
  const alpha = readCoverage(coverage, rect);
  writeCoverage(coverage, rect, now);
  return { rect, alpha };
}
