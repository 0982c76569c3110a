import {
  strokeBrush,
  type Brush,
  type PaintMode,
  type StrokePoint,
} from "../../core/mask/brush.js";
import {
  combineMasks,
  fillTiledMask,
  invertTiledMask,
  type CombineMode,
} from "../../core/mask/combine.js";
import { suggestedFeather } from "../../core/mask/feather.js";
import type { Mask } from "../../core/mask/mask.js";
import {
  packTiledMask,
  packTiledMaskInSteps,
  writePackedMask,
  type PackedMask,
} from "../../core/mask/packed-mask.js";
import { reshapeMask, type Reshape } from "../../core/mask/reshape.js";
import { simplifyStroke } from "../../core/mask/simplify-stroke.js";
import { fillEllipse, fillPolygon, fillRectangle } from "../../core/mask/shapes.js";
import { resizeTiledMask, toMask } from "../../core/mask/tiled-mask-pixels.js";
import { TiledMask, tiledMaskBounds } from "../../core/mask/tiled-mask.js";
import { isEmptyRect, rectOfSize, rectsEqual, uniteRects, type Rect } from "../../core/rect.js";
import type { Point, Size } from "../view/geometry.js";
import { inSlices } from "./in-slices.js";
import { ToolSettings } from "./tool-settings.svelte.js";
import { MaskUndoStack } from "./undo-stack.js";

interface Stroke {
  readonly brush: Brush;
  readonly last: StrokePoint;
  /** A dab at `last` is on the mask as a whole: the width did not change on the way there. */
  readonly hasDab: boolean;
}

/**
 * How far a stroke may be from the hand's path, as a share of the brush's diameter. A screen that is
 * late gets many points at once, and each costs a disc of the brush: unseen ones would make it later.
 */
const TOLERANCE_SHARE = 0.01;

/** The mask that is being drawn, and its own undo. */
export class MaskController {
  /** How far the engine softens the mask inwards in picture pixels, or null to go by the mask's size. */
  chosenFeather = $state<number | null>(null);
  /** Bounds of what is masked, or null. Exact between strokes; during one it may be too large. */
  bounds = $state.raw<Rect | null>(null);
  /** Counts changes of the mask's values: what draws it depends on this. */
  version = $state(0);
  canUndo = $state(false);
  canRedo = $state(false);
  isStroking = $state(false);
  /** Off to look at the picture without the mask over it; drawing brings it back. */
  isVisible = $state(true);
  /** Something longer is under way, such as growing; nothing can be drawn until it is done. */
  isBusy = $state(false);

  /** Size of the picture that the mask is for. */
  size = $state.raw<Size | null>(null);

  #mask: TiledMask | null = null;
  readonly #undo = new MaskUndoStack();
  #stroke: Stroke | null = null;
  /** Where the last stroke ended, for straight lines from there. */
  #lastEnd: StrokePoint | null = null;
  /** What changed since it was asked for; null: everything. */
  #dirty: Rect | null = null;

  readonly #tools: ToolSettings;

  constructor(tools: ToolSettings = new ToolSettings()) {
    this.#tools = tools;
  }

  /** How far the engine softens the mask inwards, in picture pixels. */
  get feather(): number {
    return this.chosenFeather ?? suggestedFeather(this.bounds ?? rectOfSize(0, 0));
  }

  /** The values as they are now, or null without a picture. Do not write to it. */
  get pixels(): TiledMask | null {
    return this.#mask;
  }

  get isEmpty(): boolean {
    return this.bounds === null;
  }

  /** Begins with an empty mask for a picture of that size. */
  reset(size: Size | null): void {
    this.size = size === null ? null : { width: size.width, height: size.height };
    this.#mask = size === null ? null : new TiledMask(size.width, size.height);
    this.#lastEnd = null;
    this.#forgetStroke();
    this.#undo.clear();
    this.#changed(null);
  }

  /**
   * The picture has another state: the mask stays, larger or smaller with the picture, but how it was
   * drawn belongs to the state of before. A picture of another form takes an empty mask.
   */
  keepFor(size: Size): void {
    const old = this.#mask;
    const isSameForm = old !== null && old.width * size.height === old.height * size.width;
    if (!isSameForm) return this.reset(size);
    if (old.width !== size.width) {
      this.#mask = resizeTiledMask(old, size.width, size.height);
      this.size = { width: size.width, height: size.height };
    }
    this.forgetUndo();
  }

  /** Keeps the mask but forgets how it was drawn. */
  forgetUndo(): void {
    this.#lastEnd = null;
    this.#forgetStroke();
    this.#undo.clear();
    this.#changed(null);
  }

  /** What changed since the last call, or null for everything; for who draws it. */
  takeDirty(): Rect | null {
    const dirty = this.#dirty;
    this.#dirty = rectOfSize(0, 0);
    return dirty;
  }

  // --- brush -----------------------------------------------------------------------------------

  /** @param isLine draws a straight line from where the last stroke ended */
  beginStroke(at: StrokePoint, mode: PaintMode, isLine = false): void {
    if (this.#mask === null || this.isBusy) return;
    const { brushSize: diameterPx, hardness } = this.#tools;
    const brush: Brush = { diameterPx, hardness, mode };
    const from = isLine ? this.#lastEnd : null;
    this.isStroking = true;
    this.#stroke = { brush, last: at, hasDab: false };
    this.#dab(from === null ? [at] : [from, at]);
  }

  /** Goes on through several points, as a fast hand makes them within one frame. */
  extendStroke(...points: readonly StrokePoint[]): void {
    if (this.#stroke === null) return;
    const { brush, last } = this.#stroke;
    const tolerance = Math.max(0.5, TOLERANCE_SHARE * brush.diameterPx);
    const path = simplifyStroke([last, ...points], tolerance, brush.diameterPx);
    this.#dab(path);
  }

  endStroke(): void {
    if (this.#stroke === null) return;
    this.#lastEnd = this.#stroke.last;
    this.#forgetStroke();
    this.#commit(rectOfSize(0, 0));
  }

  /** Takes a stroke back that turned out to be something else, such as the first finger of a pinch. */
  cancelStroke(): void {
    if (this.#stroke === null || this.#mask === null) return;
    this.#forgetStroke();
    const change = this.#mask.takeChange();
    if (change !== null) this.#mask.restore(change);
    this.#changed(null);
  }

  // --- shapes ----------------------------------------------------------------------------------

  paintRectangle(rect: Rect, mode: CombineMode): void {
    this.#paintShape(mode, (shape) => fillRectangle(shape, rect));
  }

  /** The ellipse that touches the sides of `rect`. */
  paintEllipse(rect: Rect, mode: CombineMode): void {
    this.#paintShape(mode, (shape) => fillEllipse(shape, rect));
  }

  paintPolygon(corners: readonly Point[], mode: CombineMode): void {
    this.#paintShape(mode, (shape) => fillPolygon(shape, corners));
  }

  /** A mask that the engine made of pixels or of a file. */
  paintPacked(packed: PackedMask, mode: CombineMode): void {
    this.#paintShape(mode, (shape) => {
      writePackedMask(shape, packed);
      return packed.rect;
    });
  }

  #paintShape(mode: CombineMode, draw: (shape: TiledMask) => Rect): void {
    const mask = this.#mask;
    if (mask === null || this.isBusy) return;
    const shape = new TiledMask(mask.width, mask.height);
    const touched = draw(shape);
    shape.takeChange();
    if (mode !== "intersect" && isEmptyRect(touched)) return;
    combineMasks(mask, shape, mode);
    this.#commit(mode === "intersect" ? null : touched);
  }

  // --- the whole mask --------------------------------------------------------------------------

  invert(): void {
    this.#change(invertTiledMask);
  }

  clear(): void {
    this.#change((mask) => fillTiledMask(mask, 0));
  }

  selectAll(): void {
    this.#change((mask) => fillTiledMask(mask, 255));
  }

  /** Moves or softens the outline, a slice at a time so that the screen stays alive. */
  async reshape(kind: Reshape, amountPx: number): Promise<void> {
    const mask = this.#mask;
    if (mask === null || this.isBusy) return;
    this.isBusy = true;
    // Begins in a turn of its own, so that it is busy for its caller however small the mask is.
    await Promise.resolve();
    try {
      await inSlices(reshapeMask(mask, kind, amountPx));
    } finally {
      this.isBusy = false;
    }
    // In the meantime another picture may have taken this one's place.
    if (mask === this.#mask) this.#commit(null);
  }

  undo(): void {
    if (this.#mask === null || this.isBusy) return;
    this.#undo.undo(this.#mask);
    this.#changed(null);
  }

  redo(): void {
    if (this.#mask === null || this.isBusy) return;
    this.#undo.redo(this.#mask);
    this.#changed(null);
  }

  /** A trimmed copy to send with a request, or null if nothing is masked. */
  toMask(): Mask | null {
    return this.#mask === null ? null : toMask(this.#mask);
  }

  toPacked(): PackedMask | null {
    return this.#mask === null ? null : packTiledMask(this.#mask);
  }

  /** The same without a jerk of the screen, or undefined if the mask changed meanwhile. */
  async toPackedInSlices(): Promise<PackedMask | null | undefined> {
    if (this.#mask === null) return null;
    const { version } = this;
    const packed = await inSlices(packTiledMaskInSteps(this.#mask));
    return version === this.version ? packed : undefined;
  }

  #change(change: (mask: TiledMask) => void): void {
    if (this.#mask === null || this.isBusy) return;
    change(this.#mask);
    this.#commit(null);
  }

  #forgetStroke(): void {
    this.#stroke = null;
    this.isStroking = false;
  }

  #dab(points: readonly StrokePoint[]): void {
    if (this.#mask === null || this.#stroke === null) return;
    const { brush, hasDab } = this.#stroke;
    const touched = strokeBrush(this.#mask, brush, points, hasDab);
    const [before, last] = [points.at(-2), points.at(-1)];
    if (last !== undefined) {
      this.#stroke = { brush, last, hasDab: before === undefined || isSamePressure(before, last) };
    }
    if (brush.mode === "add" && !isEmptyRect(touched)) {
      this.#setBounds(this.bounds === null ? touched : uniteRects(this.bounds, touched));
    }
    this.#touch(touched);
  }

  /** Ends an entry of undo. @param touched what it may have changed, or null for everything */
  #commit(touched: Rect | null): void {
    if (this.#mask === null) return;
    this.#undo.commit(this.#mask);
    this.#changed(touched);
  }

  #changed(touched: Rect | null): void {
    this.#setBounds(this.#mask && tiledMaskBounds(this.#mask));
    this.canUndo = this.#undo.canUndo;
    this.canRedo = this.#undo.canRedo;
    this.#touch(touched);
  }

  /** Half the screen depends on the bounds, and most strokes stay within them. */
  #setBounds(bounds: Rect | null): void {
    const { bounds: old } = this;
    if (bounds === null || old === null || !rectsEqual(bounds, old)) this.bounds = bounds;
  }

  #touch(touched: Rect | null): void {
    this.isVisible = true;
    this.#dirty =
      touched === null || this.#dirty === null ? null : uniteRects(this.#dirty, touched);
    this.version++;
  }
}

const isSamePressure = (a: StrokePoint, b: StrokePoint): boolean =>
  (a.pressure ?? 1) === (b.pressure ?? 1);
