import type { PaintMode, StrokePoint } from "../../core/mask/brush.js";
import type { CombineMode } from "../../core/mask/combine.js";
import type { Rect } from "../../core/rect.js";
import type { Editor } from "../app/editor.svelte.js";
import { selectByColour } from "../mask/mask-actions.js";
import { boxBetween, type Box } from "./box.js";
import { toPicture, toScreen, type Point } from "./geometry.js";
import { Touches } from "./touches.js";

/** The parts of a pointer event that matter; positions in CSS pixels of the canvas. */
export interface PointerInput {
  readonly at: Point;
  readonly button: number;
  readonly altKey: boolean;
  readonly shiftKey?: boolean;
  readonly pointerId?: number;
  readonly kind?: "mouse" | "pen" | "touch";
  /** 0..1; counts for pens only, since a mouse always tells the same. */
  readonly pressure?: number;
  /** The other end of a pen. */
  readonly isEraser?: boolean;
}

/** A moved pointer; modifiers may change during a drag. */
export type PointerMove = Pick<
  PointerInput,
  "at" | "altKey" | "shiftKey" | "pointerId" | "kind" | "pressure"
>;

/** What is being drawn at the moment, in picture pixels, for the overlay. */
export type Outline =
  | { readonly kind: "rectangle" | "ellipse"; readonly rect: Rect; readonly mode: CombineMode }
  | { readonly kind: "path"; readonly points: readonly Point[]; readonly mode: CombineMode };

type Drag =
  | { readonly kind: "none" }
  | { readonly kind: "pan"; readonly last: Point }
  | { readonly kind: "stroke" }
  | { readonly kind: "pinch" }
  | { readonly kind: "box"; readonly box: Box; readonly mode: CombineMode }
  | { readonly kind: "lasso"; readonly points: readonly Point[]; readonly mode: CombineMode }
  | { readonly kind: "wand"; readonly at: Point; readonly mode: CombineMode };

/** A polygon that grows by clicks; its last corner follows the pointer. */
interface Corners {
  readonly points: readonly Point[];
  readonly mode: CombineMode;
}

const MIDDLE_BUTTON = 1;
/** How much a notch of a mouse wheel zooms. */
const WHEEL_ZOOM = 0.0016;
/** A pinch on a touch pad reports much smaller steps than a wheel. */
const PINCH_ZOOM = WHEEL_ZOOM * 6;
/** A click that near to the first corner closes a polygon, in CSS pixels. */
const CLOSE_PX = 8;

/** Turns pointers over the canvas into strokes, shapes, panning and zooming. */
export class PointerTools {
  /** Space is down: any tool moves the picture. */
  isSpaceDown = $state(false);
  /** The cross that arrow keys move, in CSS pixels, or null while a pointer is used. */
  keyboardAt = $state.raw<Point | null>(null);
  #drag = $state.raw<Drag>({ kind: "none" });
  #corners = $state.raw<Corners | null>(null);
  #pointAt = $state.raw<Point>({ x: 0, y: 0 });
  readonly #touches = new Touches();
  readonly #editor: Editor;

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  get isPanning(): boolean {
    return this.#drag.kind === "pan";
  }

  /** True while a drag would move the picture instead of drawing. */
  get wouldPan(): boolean {
    const { tool, job, document, compare } = this.#editor;
    const isComparing = compare.layout !== "off" || compare.isHeld;
    return (
      this.isSpaceDown || tool === "pan" || !job.isIdle || document.info === null || isComparing
    );
  }

  /** What is being drawn, or null. */
  get outline(): Outline | null {
    const drag = this.#drag;
    if (drag.kind === "box") {
      const kind = this.#editor.tool === "ellipse" ? "ellipse" : "rectangle";
      return { kind, rect: boxBetween(drag.box), mode: drag.mode };
    }
    if (drag.kind === "lasso") return { kind: "path", points: drag.points, mode: drag.mode };
    const corners = this.#corners;
    if (corners === null) return null;
    return { kind: "path", points: [...corners.points, this.#pointAt], mode: corners.mode };
  }

  /** True while something is begun that Escape takes back. */
  get isDrawing(): boolean {
    return this.#corners !== null || !["none", "pan", "pinch"].includes(this.#drag.kind);
  }

  down(input: PointerInput): void {
    const { viewport } = this.#editor;
    this.keyboardAt = null;
    if (viewport.picture === null) return;
    if (input.kind === "touch" && this.#touches.down(input.pointerId ?? 0, input.at) === 2) {
      this.escape();
      this.#drag = { kind: "pinch" };
      return;
    }
    if (input.button === MIDDLE_BUTTON || (input.button === 0 && this.wouldPan)) {
      this.#drag = { kind: "pan", last: input.at };
      return;
    }
    // A pen's eraser reports a button of its own.
    if (input.button === 0 || input.isEraser === true) this.#draw(input);
  }

  #draw(input: PointerInput): void {
    const { mask, tools, viewport } = this.#editor;
    if (mask.isBusy) return;
    const at = toPicture(viewport.view, input.at);
    const mode = modeOf(tools.combine, input);
    this.#pointAt = at;
    switch (tools.tool) {
      case "pan":
        return;
      case "brush":
      case "eraser": {
        const erases = (tools.tool === "eraser") !== input.altKey || input.isEraser === true;
        const paint: PaintMode = erases ? "erase" : "add";
        mask.beginStroke(strokePoint(at, input), paint, input.shiftKey === true);
        this.#drag = { kind: "stroke" };
        return;
      }
      case "rectangle":
      case "ellipse": {
        const box: Box = { from: at, to: at, isEven: false, isCentred: false };
        this.#drag = { kind: "box", box, mode };
        return;
      }
      case "lasso":
        this.#drag = { kind: "lasso", points: [at], mode };
        return;
      case "polygon":
        this.#addCorner(input.at, at, mode);
        return;
      case "wand":
        this.#drag = { kind: "wand", at, mode };
    }
  }

  /** Several moves of one frame: a fast hand makes them, and a stroke has to follow all. */
  moves(inputs: readonly PointerMove[]): void {
    const { mask, viewport } = this.#editor;
    const last = inputs.at(-1);
    if (last === undefined) return;
    this.keyboardAt = null;
    if (this.#drag.kind === "stroke") {
      const { view } = viewport;
      mask.extendStroke(...inputs.map((each) => strokePoint(toPicture(view, each.at), each)));
    }
    this.#move(last);
  }

  move(at: Point): void {
    this.moves([{ at, altKey: false }]);
  }

  #move({ at, shiftKey, altKey, pointerId }: PointerMove): void {
    const { viewport } = this.#editor;
    const drag = this.#drag;
    if (drag.kind === "pinch") return this.#pinch(pointerId ?? 0, at);
    if (drag.kind === "pan") {
      viewport.panBy(at.x - drag.last.x, at.y - drag.last.y);
      this.#drag = { kind: "pan", last: at };
    }
    viewport.pointAt(at);
    const point = toPicture(viewport.view, at);
    this.#pointAt = point;
    if (drag.kind === "box") {
      const box = { ...drag.box, to: point };
      this.#drag = { ...drag, box: evened(box, drag.mode, shiftKey === true, altKey) };
    }
    if (drag.kind === "lasso") this.#drag = { ...drag, points: [...drag.points, point] };
  }

  #pinch(pointerId: number, at: Point): void {
    const { viewport } = this.#editor;
    const change = this.#touches.move(pointerId, at);
    if (change === null) return;
    viewport.panBy(change.moved.x, change.moved.y);
    viewport.zoomTo(viewport.view.scale * change.factor, change.middle);
  }

  up(pointerId = 0): void {
    const { mask } = this.#editor;
    const drag = this.#drag;
    this.#touches.up(pointerId);
    if (drag.kind === "pinch") {
      if (this.#touches.count === 0) this.#drag = { kind: "none" };
      return;
    }
    this.#drag = { kind: "none" };
    switch (drag.kind) {
      case "stroke":
        return mask.endStroke();
      case "box": {
        const rect = boxBetween(drag.box);
        if (this.#editor.tools.tool === "ellipse") mask.paintEllipse(rect, drag.mode);
        else mask.paintRectangle(rect, drag.mode);
        return;
      }
      case "lasso":
        return mask.paintPolygon(drag.points, drag.mode);
      case "wand":
        return void selectByColour(this.#editor, drag.at, drag.mode);
      case "pan":
      case "none":
    }
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
    const factor = Math.exp(-delta.y * (isPinch ? PINCH_ZOOM : WHEEL_ZOOM));
    viewport.zoomTo(viewport.view.scale * factor, at);
    viewport.pointAt(at);
  }

  // --- polygon ---------------------------------------------------------------------------------

  #addCorner(screen: Point, at: Point, mode: CombineMode): void {
    const corners = this.#corners;
    const [first] = corners?.points ?? [];
    if (corners === null || first === undefined) {
      this.#corners = { points: [at], mode };
      return;
    }
    const start = toScreen(this.#editor.viewport.view, first);
    const isClosing = Math.hypot(start.x - screen.x, start.y - screen.y) < CLOSE_PX;
    if (isClosing && corners.points.length > 2) this.closePolygon();
    else this.#corners = { ...corners, points: [...corners.points, at] };
  }

  /** Fills the polygon that was begun. Returns false if there is none. */
  closePolygon(): boolean {
    const corners = this.#corners;
    if (corners === null) return false;
    this.#corners = null;
    this.#editor.mask.paintPolygon(corners.points, corners.mode);
    return true;
  }

  /** Takes the last corner back. Returns false if there is none. */
  removeCorner(): boolean {
    const corners = this.#corners;
    if (corners === null) return false;
    const points = corners.points.slice(0, -1);
    this.#corners = points.length === 0 ? null : { ...corners, points };
    return true;
  }

  /** Takes back what is being drawn. Returns false if nothing is. */
  escape(): boolean {
    if (!this.isDrawing) return false;
    if (this.#drag.kind === "stroke") this.#editor.mask.cancelStroke();
    this.#drag = { kind: "none" };
    this.#corners = null;
    return true;
  }

  // --- by keys ---------------------------------------------------------------------------------

  /** Moves the cross by CSS pixels; the first time it appears in the middle of the canvas. */
  moveByKeys(dx: number, dy: number): void {
    const { viewport } = this.#editor;
    const { width, height } = viewport.canvas;
    const from = this.keyboardAt ?? { x: width / 2 - dx, y: height / 2 - dy };
    const at = {
      x: Math.max(0, Math.min(from.x + dx, width)),
      y: Math.max(0, Math.min(from.y + dy, height)),
    };
    this.moves([{ at, altKey: false }]);
    this.keyboardAt = at;
  }

  /** Presses the pointer at the cross, or lets go of it. Returns false without a cross. */
  pressByKeys(modifiers: { readonly shiftKey: boolean; readonly altKey: boolean }): boolean {
    const at = this.keyboardAt;
    if (at === null) return false;
    const { tool } = this.#editor;
    if (this.#drag.kind === "none") this.down({ at, button: 0, ...modifiers });
    else this.up();
    // One press is enough for what needs no drag.
    if (tool === "wand" && this.#drag.kind === "wand") this.up();
    this.keyboardAt = at;
    return true;
  }
}

/** Shift adds, Alt takes away, both keep what lies in both; without them the chosen mode counts. */
export function modeOf(
  chosen: CombineMode,
  { altKey, shiftKey }: { readonly altKey: boolean; readonly shiftKey?: boolean },
): CombineMode {
  if (altKey) return shiftKey === true ? "intersect" : "subtract";
  return shiftKey === true ? "add" : chosen;
}

/** Keys that already chose the mode shape nothing. */
function evened(box: Box, mode: CombineMode, shiftKey: boolean, altKey: boolean): Box {
  return {
    ...box,
    isEven: shiftKey && mode !== "intersect",
    isCentred: altKey && mode !== "subtract" && mode !== "intersect",
  };
}

function strokePoint(
  at: Point,
  { kind, pressure }: Pick<PointerInput, "kind" | "pressure">,
): StrokePoint {
  return kind === "pen" && pressure !== undefined ? { ...at, pressure } : at;
}
