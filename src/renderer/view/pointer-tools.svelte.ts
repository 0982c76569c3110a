import { rectFromEdges, type Rect } from "../../core/rect.js";
import type { Editor } from "../app/editor.svelte.js";
import { toPicture, type Point } from "./geometry.js";

/** The parts of a pointer event that matter; positions in CSS pixels of the canvas. */
export interface PointerInput {
  readonly at: Point;
  readonly button: number;
  readonly altKey: boolean;
}

type Drag =
  | { readonly kind: "none" }
  | { readonly kind: "pan"; readonly last: Point }
  | { readonly kind: "stroke" }
  | {
      readonly kind: "rectangle";
      readonly from: Point;
      readonly to: Point;
      readonly isErasing: boolean;
    };

const MIDDLE_BUTTON = 1;
/** How much a notch of a mouse wheel zooms. */
const WHEEL_ZOOM = 0.0016;

/** Turns pointers over the canvas into strokes, rectangles, panning and zooming. */
export class PointerTools {
  /** Space is down: any tool moves the picture. */
  isSpaceDown = $state(false);
  #drag = $state.raw<Drag>({ kind: "none" });
  readonly #editor: Editor;

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  get isPanning(): boolean {
    return this.#drag.kind === "pan";
  }

  /** True while a drag would move the picture instead of drawing. */
  get wouldPan(): boolean {
    const { tool, job, document } = this.#editor;
    return this.isSpaceDown || tool === "pan" || !job.isIdle || document.info === null;
  }

  /** The rectangle that is being dragged, in whole picture pixels. */
  get rectangle(): { readonly rect: Rect; readonly isErasing: boolean } | null {
    const drag = this.#drag;
    if (drag.kind !== "rectangle") return null;
    return { rect: wholePixels(drag.from, drag.to), isErasing: drag.isErasing };
  }

  down(input: PointerInput): void {
    const { mask, viewport } = this.#editor;
    if (viewport.picture === null) return;
    if (input.button === MIDDLE_BUTTON || (input.button === 0 && this.wouldPan)) {
      this.#drag = { kind: "pan", last: input.at };
      return;
    }
    if (input.button !== 0) return;
    const at = toPicture(viewport.view, input.at);
    if (mask.tool === "rectangle") {
      this.#drag = { kind: "rectangle", from: at, to: at, isErasing: input.altKey };
      return;
    }
    const isErasing = (mask.tool === "eraser") !== input.altKey;
    mask.beginStroke(at, isErasing ? "erase" : "add");
    this.#drag = { kind: "stroke" };
  }

  move(at: Point): void {
    const { mask, viewport } = this.#editor;
    const drag = this.#drag;
    if (drag.kind === "pan") {
      viewport.panBy(at.x - drag.last.x, at.y - drag.last.y);
      this.#drag = { kind: "pan", last: at };
    }
    viewport.pointAt(at);
    const point = toPicture(viewport.view, at);
    if (drag.kind === "stroke") mask.extendStroke(point);
    if (drag.kind === "rectangle") this.#drag = { ...drag, to: point };
  }

  up(): void {
    const { mask } = this.#editor;
    const { rectangle } = this;
    if (this.#drag.kind === "stroke") mask.endStroke();
    if (rectangle !== null)
      mask.paintRectangle(rectangle.rect, rectangle.isErasing ? "erase" : "add");
    this.#drag = { kind: "none" };
  }

  leave(): void {
    if (this.#drag.kind === "none") this.#editor.viewport.cursor = null;
  }

  /** Zooms at the cursor; a sideways movement, as touch pads make it, moves the picture. */
  wheel(at: Point, delta: Point, isPinch: boolean): void {
    const { viewport } = this.#editor;
    if (!isPinch && delta.x !== 0) {
      viewport.panBy(-delta.x, -delta.y);
      return;
    }
    // A pinch reports much smaller steps than a wheel.
    const factor = Math.exp(-delta.y * (isPinch ? WHEEL_ZOOM * 6 : WHEEL_ZOOM));
    viewport.zoomTo(viewport.view.scale * factor, at);
    viewport.pointAt(at);
  }
}

function wholePixels(a: Point, b: Point): Rect {
  return rectFromEdges(
    Math.floor(Math.min(a.x, b.x)),
    Math.floor(Math.min(a.y, b.y)),
    Math.ceil(Math.max(a.x, b.x)),
    Math.ceil(Math.max(a.y, b.y)),
  );
}
