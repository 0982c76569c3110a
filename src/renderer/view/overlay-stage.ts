import Konva from "konva/lib/Core.js";
import { Circle } from "konva/lib/shapes/Circle.js";
import { Line } from "konva/lib/shapes/Line.js";
import { Rect as KonvaRect } from "konva/lib/shapes/Rect.js";
import type { Rect } from "../../core/rect.js";
import { toScreen, type Point, type Size, type View } from "./geometry.js";

/** What lies over the picture, in picture pixels. */
export interface OverlayState {
  readonly view: View;
  readonly canvas: Size;
  readonly region: Rect | null;
  /** The rectangle that is being dragged. */
  readonly drag: { readonly rect: Rect; readonly isErasing: boolean } | null;
  readonly brush: {
    readonly at: Point;
    readonly diameter: number;
    readonly hardness: number;
  } | null;
  /** Where the before/after divider stands, as x of the picture. */
  readonly split: { readonly x: number; readonly height: number } | null;
}

const LIGHT = "rgba(255, 255, 255, 0.95)";
const DARK = "rgba(0, 0, 0, 0.6)";
const CHANGE = "#ff7a59";
const KEEP = "#3fc4b0";
/** A smaller brush than that is a dot; its cursor stays visible all the same. */
const LEAST_CURSOR_RADIUS_PX = 1.5;
const KNOB_RADIUS_PX = 14;

/**
 * The interaction overlays, drawn by Konva from state and holding none. It listens to nothing:
 * pointers are handled by the canvas, which knows picture pixels.
 */
export class OverlayStage {
  readonly #stage: Konva.Stage;
  readonly #layer = new Konva.Layer({ listening: false });
  // Two lines each, dark below light, so that they show on every picture.
  readonly #region = outlines(KonvaRect, { dash: [6, 5], light: LIGHT });
  readonly #drag = outlines(KonvaRect, { light: CHANGE });
  readonly #brush = outlines(Circle, { light: LIGHT });
  readonly #core = new Circle({ stroke: LIGHT, strokeWidth: 1, dash: [2, 3], opacity: 0.7 });
  readonly #split = new Line({
    stroke: LIGHT,
    strokeWidth: 2,
    shadowColor: "black",
    shadowBlur: 6,
  });
  readonly #knob = new Circle({
    radius: KNOB_RADIUS_PX,
    fill: LIGHT,
    shadowColor: "black",
    shadowBlur: 8,
    shadowOpacity: 0.4,
  });
  readonly #arrows = [arrow(), arrow()] as const;

  constructor(container: HTMLDivElement) {
    this.#stage = new Konva.Stage({ container, width: 1, height: 1, listening: false });
    this.#stage.add(this.#layer);
    const pairs = [this.#region, this.#drag, this.#brush].flat();
    this.#layer.add(...pairs, this.#core, this.#split, this.#knob, ...this.#arrows);
  }

  draw(state: OverlayState): void {
    const { view, canvas } = state;
    if (this.#stage.width() !== canvas.width || this.#stage.height() !== canvas.height) {
      this.#stage.size({ width: canvas.width, height: canvas.height });
    }
    this.#drawRect(this.#region, state.region, view);
    this.#drawRect(this.#drag, state.drag?.rect ?? null, view);
    this.#drag[1].stroke(state.drag?.isErasing === true ? KEEP : CHANGE);
    this.#drawBrush(state);
    this.#drawSplit(state);
    this.#layer.batchDraw();
  }

  destroy(): void {
    this.#stage.destroy();
  }

  #drawRect(pair: readonly [KonvaRect, KonvaRect], rect: Rect | null, view: View): void {
    for (const shape of pair) {
      shape.visible(rect !== null);
      if (rect === null) continue;
      const from = toScreen(view, rect);
      shape.setAttrs({
        // On the middle of a device pixel a line of one pixel is sharp.
        x: Math.round(from.x) + 0.5,
        y: Math.round(from.y) + 0.5,
        width: Math.round(rect.width * view.scale) - 1,
        height: Math.round(rect.height * view.scale) - 1,
      });
    }
  }

  #drawBrush({ brush, view }: OverlayState): void {
    const radius = ((brush?.diameter ?? 0) / 2) * view.scale;
    const core = radius * (brush?.hardness ?? 1);
    const at = brush === null ? { x: 0, y: 0 } : toScreen(view, brush.at);
    for (const circle of this.#brush) {
      circle.visible(brush !== null);
      circle.setAttrs({ ...at, radius: Math.max(radius, LEAST_CURSOR_RADIUS_PX) });
    }
    // The inner ring shows where a soft brush begins to fade.
    this.#core.visible(brush !== null && core > 3 && radius - core > 3);
    this.#core.setAttrs({ ...at, radius: core });
  }

  #drawSplit({ split, view, canvas }: OverlayState): void {
    for (const shape of [this.#split, this.#knob, ...this.#arrows]) shape.visible(split !== null);
    if (split === null) return;
    const from = toScreen(view, { x: split.x, y: 0 });
    const to = toScreen(view, { x: split.x, y: split.height });
    const middle = (Math.max(0, from.y) + Math.min(canvas.height, to.y)) / 2;
    this.#split.points([from.x, from.y, to.x, to.y]);
    this.#knob.position({ x: from.x, y: middle });
    for (const [index, side] of [-1, 1].entries()) {
      const x = from.x + 3 * side;
      this.#arrows[index]?.points([x, middle - 4, x + 4 * side, middle, x, middle + 4]);
    }
  }
}

function arrow(): Line {
  return new Line({ stroke: "#30343c", strokeWidth: 2, lineCap: "round", lineJoin: "round" });
}

interface OutlineOptions {
  readonly light: string;
  readonly dash?: number[];
}

function outlines<Shape extends KonvaRect | Circle>(
  make: new (config: { stroke: string; strokeWidth: number; dash?: number[] }) => Shape,
  { light, dash }: OutlineOptions,
): [Shape, Shape] {
  const dashed = dash === undefined ? {} : { dash };
  return [
    new make({ stroke: DARK, strokeWidth: 3 }),
    new make({ stroke: light, strokeWidth: 1.5, ...dashed }),
  ];
}
