import type { Editor } from "../app/editor.svelte.js";
import type { Size, View } from "../view/geometry.js";
import type { Comparison } from "../view/picture-painter.js";

/** Space between two pictures side by side, in CSS pixels. */
const GAP_PX = 2;

/** So far beyond the canvas the picture's ground and its shadow go on, in CSS pixels. */
const PAPER_MARGIN_PX = 32;
/** The checkerboard's period; the ground begins at whole ones, so that the pattern stays in place. */
const CHECKER_PX = 16;
const cut = (place: number) => Math.floor(place / CHECKER_PX) * CHECKER_PX;

/** One picture on the canvas: where it begins, and which side of a comparison it shows. */
export interface Pane {
  readonly side: "before" | "after";
  readonly left: number;
}

/** How the canvas is divided, and where the picture lies in it, in CSS and in device pixels. */
export class CanvasLayout {
  /** Size of the whole canvas in CSS pixels. */
  size = $state.raw<Size>({ width: 1, height: 1 });
  readonly #editor: Editor;

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  readonly hasBefore = $derived.by(() => (this.#editor.scene?.before ?? null) !== null);

  /** What is compared now; nothing without something to compare with. */
  readonly shownLayout = $derived.by(() => {
    const { compare } = this.#editor;
    return compare.isHeld || !this.hasBefore ? "off" : compare.layout;
  });

  /** Size of one picture's part of the canvas in CSS pixels. */
  readonly pane = $derived.by((): Size => {
    const { width, height } = this.size;
    if (this.shownLayout !== "side") return this.size;
    return { width: Math.max(1, Math.floor((width - GAP_PX) / 2)), height };
  });

  readonly panes = $derived.by((): readonly Pane[] => {
    if (this.shownLayout !== "side") return [{ side: "after", left: 0 }];
    return [
      { side: "before", left: 0 },
      { side: "after", left: this.pane.width + GAP_PX },
    ];
  });

  /** Size of the whole canvas in device pixels. */
  readonly devicePixels = $derived.by((): Size => {
    const { ratio } = this.#editor.viewport;
    return {
      width: Math.max(1, Math.round(this.size.width * ratio)),
      height: Math.max(1, Math.round(this.size.height * ratio)),
    };
  });

  /** The view in device pixels. */
  readonly deviceView = $derived.by((): View => {
    const { view, ratio } = this.#editor.viewport;
    return { scale: view.scale * ratio, x: view.x * ratio, y: view.y * ratio };
  });

  readonly comparison = $derived.by((): Comparison => {
    const { compare, viewport } = this.#editor;
    if (compare.isHeld) return { kind: "before" };
    if (this.shownLayout === "split") return { kind: "split", at: compare.position };
    if (this.shownLayout === "off") return { kind: "after" };
    const offset = (this.panes[1]?.left ?? 0) * viewport.ratio;
    return {
      kind: "side",
      pane: Math.round(this.pane.width * viewport.ratio),
      offset: Math.round(offset),
    };
  });

  /** Where the picture lies in its pane, in CSS pixels. */
  readonly frame = $derived.by(() => {
    const { scene, viewport } = this.#editor;
    const { view } = viewport;
    return {
      x: Math.round(view.x),
      y: Math.round(view.y),
      width: Math.round((scene?.size.width ?? 0) * view.scale),
      height: Math.round((scene?.size.height ?? 0) * view.scale),
    };
  });

  /** The part of the frame that can be seen, and a little around it, within the frame. */
  readonly paper = $derived.by(() => {
    const { frame, pane } = this;
    const left = Math.max(0, cut(-frame.x - PAPER_MARGIN_PX));
    const top = Math.max(0, cut(-frame.y - PAPER_MARGIN_PX));
    const right = Math.min(frame.width, pane.width - frame.x + PAPER_MARGIN_PX);
    const bottom = Math.min(frame.height, pane.height - frame.y + PAPER_MARGIN_PX);
    return { left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
  });

  /** Whether the mask is shown: a preview or a result has to be seen as it is. */
  readonly isMaskShown = $derived.by(() => {
    // A scale that is looked at has to be seen as it is, too.
    if (this.#editor.ladder.peekedScale !== null) return false;
    const { job, compare, usesMask, mask } = this.#editor;
    const isCompared = compare.isHeld || this.shownLayout !== "off";
    return job.shown === null && !isCompared && usesMask && mask.isVisible;
  });

  /** A place on the whole canvas as a place in its pane. */
  inPane(x: number): number {
    const second = this.panes[1];
    return second !== undefined && x >= second.left ? x - second.left : x;
  }
}

/** Runs at most once a frame however often the state changes. Returns how to take it back. */
export function inNextFrame(draw: () => void): () => void {
  const handle = requestAnimationFrame(draw);
  return () => cancelAnimationFrame(handle);
}
