import Konva from "konva/lib/Core.js";
import { Circle } from "konva/lib/shapes/Circle.js";
import { Ellipse } from "konva/lib/shapes/Ellipse.js";
import { Line } from "konva/lib/shapes/Line.js";
import { Rect as KonvaRect } from "konva/lib/shapes/Rect.js";
import type { Rect } from "../../core/rect.js";
import { toScreen, type Point, type Size, type View } from "./geometry.js";
import type { Outline } from "./pointer-tools.svelte.js";

/** What lies over the picture, in picture pixels. */
export interface OverlayState {
  readonly view: View;
  readonly canvas: Size;
  readonly region: Rect | null;
  /** What is being drawn. */
  readonly outline: Outline | null;
  /** Where arrow keys moved the cross, in CSS pixels. */
  readonly cross: Point | null;
  /** Where the before/after divider stands, as x of the picture. */
  readonly split: { readonly x: number; readonly height: number } | null;
}

const LIGHT = "rgba(255, 255, 255, 0.95)";
const DARK = "rgba(0, 0, 0, 0.6)";
const CHANGE = "#ff7a59";
const KEEP = "#3fc4b0";
const MODE_INKS = { add: CHANGE, subtract: KEEP, intersect: LIGHT } as const;
const CROSS_ARM_PX = 9;
const CORNER_ARM_PX = 14;
const KNOB_RADIUS_PX = 14;

/**
 * The interaction overlays, drawn by Konva from state and holding none. It listens to nothing:
 * pointers are handled by the canvas, which knows picture pixels.
 */
export class OverlayStage {
  readonly #stage: Konva.Stage;
  readonly #layer = new Konva.Layer({ listening: false });
  // Two lines each, dark below light, so that they show on every picture.
  readonly #region = outlines(KonvaRect, { light: LIGHT });
  readonly #rectangle = outlines(KonvaRect, { light: CHANGE });
  readonly #ellipse = outlines(Ellipse, { light: CHANGE });
  readonly #path = outlines(Line, { light: CHANGE });
  readonly #cross = outlines(Line, { light: LIGHT });
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
    const pairs = [this.#region, this.#rectangle, this.#ellipse, this.#path, this.#cross].flat();
    this.#layer.add(...pairs, this.#split, this.#knob, ...this.#arrows);
  }

  draw(state: OverlayState): void {
    const { view, canvas } = state;
    if (this.#stage.width() !== canvas.width || this.#stage.height() !== canvas.height) {
      this.#stage.size({ width: canvas.width, height: canvas.height });
    }
    this.#drawRect(this.#region, state.region, view);
    // Corners only: a whole frame would look like a selection.
    for (const shape of this.#region) shape.dash(cornerDash(shape.width(), shape.height()));
    this.#drawOutline(state);
    this.#drawCross(state.cross);
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

  #drawOutline({ outline, view }: OverlayState): void {
    const rect = outline?.kind === "path" ? null : (outline?.rect ?? null);
    this.#drawRect(this.#rectangle, outline?.kind === "rectangle" ? rect : null, view);
    for (const shape of this.#ellipse) {
      shape.visible(outline?.kind === "ellipse");
      if (rect === null) continue;
      const radiusX = (rect.width * view.scale) / 2;
      const radiusY = (rect.height * view.scale) / 2;
      const from = toScreen(view, rect);
      shape.setAttrs({ x: from.x + radiusX, y: from.y + radiusY, radiusX, radiusY });
    }
    const points = outline?.kind === "path" ? outline.points : [];
    for (const line of this.#path) {
      line.visible(points.length > 1);
      line.points(points.map((point) => toScreen(view, point)).flatMap(({ x, y }) => [x, y]));
    }
    const ink = outline === null ? CHANGE : MODE_INKS[outline.mode];
    for (const [, light] of [this.#rectangle, this.#ellipse, this.#path]) light.stroke(ink);
  }

  #drawCross(at: Point | null): void {
    for (const line of this.#cross) {
      line.visible(at !== null);
      if (at === null) continue;
      const { x, y } = { x: Math.round(at.x) + 0.5, y: Math.round(at.y) + 0.5 };
      const arm = CROSS_ARM_PX;
      line.points([x - arm, y, x + arm, y, x, y, x, y - arm, x, y + arm]);
    }
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

/** Dashes that leave of a rectangle only its corners. */
function cornerDash(width: number, height: number): number[] {
  const arm = Math.min(CORNER_ARM_PX, width / 2, height / 2);
  const [across, down] = [width - 2 * arm, height - 2 * arm];
  return [arm, across, 2 * arm, down, 2 * arm, across, 2 * arm, down, arm, 0];
}

function arrow(): Line {
  return new Line({ stroke: "#30343c", strokeWidth: 2, lineCap: "round", lineJoin: "round" });
}

interface OutlineOptions {
  readonly light: string;
  readonly dash?: number[];
}

function outlines<Shape extends KonvaRect | Ellipse | Line>(
  make: new (config: { stroke: string; strokeWidth: number; dash?: number[] }) => Shape,
  { light, dash }: OutlineOptions,
): [Shape, Shape] {
  const dashed = dash === undefined ? {} : { dash };
  return [
    new make({ stroke: DARK, strokeWidth: 3 }),
    new make({ stroke: light, strokeWidth: 1.5, ...dashed }),
  ];
}
