import { strokeBrush, type Brush, type Point } from "../../core/mask/brush.js";
import {
  clearCoverage,
  coverageBounds,
  coverageToMask,
  createCoverage,
  invertCoverage,
  type Coverage,
  type PaintMode,
} from "../../core/mask/coverage.js";
import type { Mask } from "../../core/mask/mask.js";
import { fillRectangle } from "../../core/mask/shapes.js";
import {
  intersectRects,
  isEmptyRect,
  rectFromEdges,
  rectOfSize,
  uniteRects,
  type Rect,
} from "../../core/rect.js";
import type { Size } from "../view/geometry.js";
import { clampBrushSize, nextBrushSize, type Tool } from "./tools.js";
import { MaskUndoStack } from "./undo-stack.js";

interface Stroke {
  readonly brush: Brush;
  readonly last: Point;
}

/** The mask that is being drawn, the tools that draw it, and its own undo. */
export class MaskController {
  tool = $state<Tool>("brush");
  /** Brush diameter in picture pixels. */
  brushSize = $state(64);
  /** 1 hard, 0 soft. */
  hardness = $state(0.8);
  /** How far the engine softens the mask inwards, in picture pixels. */
  feather = $state(4);
  /** Bounds of what is masked, or null. Exact between strokes; during one it may be too large. */
  bounds = $state.raw<Rect | null>(null);
  /** Counts changes of the mask's values: what draws it depends on this. */
  version = $state(0);
  canUndo = $state(false);
  canRedo = $state(false);
  isStroking = $state(false);

  /** Size of the picture that the mask is for. */
  size = $state.raw<Size | null>(null);

  // Made with the first stroke: a mask of a 100-megapixel picture takes 100 MB.
  #coverage: Coverage | null = null;
  readonly #undo = new MaskUndoStack();
  #stroke: Stroke | null = null;

  /** The values as they are now, or null while nothing was ever drawn. Do not write to it. */
  get coverage(): Coverage | null {
    return this.#coverage;
  }

  get isEmpty(): boolean {
    return this.bounds === null;
  }

  /** Begins with an empty mask for a picture of that size. */
  reset(size: Size | null): void {
    this.size = size;
    this.#coverage = null;
    this.#stroke = null;
    this.isStroking = false;
    this.#undo.clear();
    this.#changed(null);
  }

  /** Keeps the mask but forgets how it was drawn; for when a result was accepted. */
  forgetUndo(): void {
    this.#undo.clear();
    this.#changed(this.bounds);
  }

  setBrushSize(sizePx: number): void {
    this.brushSize = clampBrushSize(sizePx);
  }

  stepBrushSize(direction: "up" | "down"): void {
    this.brushSize = nextBrushSize(this.brushSize, direction);
  }

  /** A brush of about a tenth of the picture, so that the first stroke is neither dot nor flood. */
  suggestBrushSize(size: Size): void {
    this.setBrushSize(Math.min(size.width, size.height) / 10);
  }

  beginStroke(at: Point, mode: PaintMode): void {
    const brush: Brush = { diameterPx: this.brushSize, hardness: this.hardness, mode };
    this.isStroking = true;
    this.#stroke = { brush, last: at };
    this.#dab([at]);
  }

  extendStroke(to: Point): void {
    if (this.#stroke === null) return;
    const from = this.#stroke.last;
    this.#stroke = { ...this.#stroke, last: to };
    this.#dab([from, to]);
  }

  endStroke(): void {
    if (this.#stroke === null) return;
    this.#stroke = null;
    this.isStroking = false;
    this.#commit();
  }

  /** Adds or takes away a rectangle of whole pixels. */
  paintRectangle(rect: Rect, mode: PaintMode): void {
    const coverage = this.#require();
    if (coverage === null) return;
    const inside = intersectRects(rect, rectOfSize(coverage.width, coverage.height));
    if (isEmptyRect(inside)) return;
    this.#undo.remember(coverage, inside);
    fillRectangle(coverage, inside, mode);
    this.#commit();
  }

  invert(): void {
    const coverage = this.#require();
    if (coverage === null) return;
    this.#undo.remember(coverage, rectOfSize(coverage.width, coverage.height));
    invertCoverage(coverage);
    this.#commit();
  }

  clear(): void {
    if (this.#coverage === null || this.bounds === null) return;
    this.#undo.remember(this.#coverage, this.bounds);
    clearCoverage(this.#coverage);
    this.#commit();
  }

  undo(): void {
    if (this.#coverage === null) return;
    this.#undo.undo(this.#coverage);
    this.#changed(coverageBounds(this.#coverage));
  }

  redo(): void {
    if (this.#coverage === null) return;
    this.#undo.redo(this.#coverage);
    this.#changed(coverageBounds(this.#coverage));
  }

  /** A trimmed copy to send with a request, or null if nothing is masked. */
  toMask(): Mask | null {
    return this.#coverage === null ? null : coverageToMask(this.#coverage);
  }

  #require(): Coverage | null {
    if (this.size === null) return null;
    this.#coverage ??= createCoverage(this.size.width, this.size.height);
    return this.#coverage;
  }

  #dab(points: readonly Point[]): void {
    const coverage = this.#require();
    if (coverage === null || this.#stroke === null) return;
    const { brush } = this.#stroke;
    const reach = strokeReach(points, brush.diameterPx, coverage);
    this.#undo.remember(coverage, reach);
    const touched = strokeBrush(coverage, brush, points);
    const grown = this.bounds === null ? touched : uniteRects(this.bounds, touched);
    this.#changed(brush.mode === "add" && !isEmptyRect(grown) ? grown : this.bounds);
  }

  #commit(): void {
    if (this.#coverage === null) return;
    this.#undo.commit(this.#coverage);
    this.#changed(coverageBounds(this.#coverage));
  }

  #changed(bounds: Rect | null): void {
    this.bounds = bounds;
    this.version++;
    this.canUndo = this.#undo.canUndo;
    this.canRedo = this.#undo.canRedo;
  }
}

/** Everything that a stroke can touch, one pixel more than its radius because edges are softened. */
function strokeReach(points: readonly Point[], diameterPx: number, size: Size): Rect {
  const reach = diameterPx / 2 + 2;
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  return intersectRects(
    rectFromEdges(
      Math.floor(Math.min(...xs) - reach),
      Math.floor(Math.min(...ys) - reach),
      Math.ceil(Math.max(...xs) + reach),
      Math.ceil(Math.max(...ys) + reach),
    ),
    rectOfSize(size.width, size.height),
  );
}
