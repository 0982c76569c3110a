import { rectFromEdges, type Rect } from "../../core/rect.js";

/** A size in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A place in pixels of whatever space the name says. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * How a picture lies in the window: picture pixel (0, 0) is drawn at (`x`, `y`), and one picture
 * pixel is `scale` wide. All in CSS pixels of the canvas.
 */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const MIN_SCALE = 1 / 64;
export const MAX_SCALE = 64;

/** Free space around a picture that is fitted into the window, in CSS pixels. */
const FIT_MARGIN_PX = 32;
/** At least that much of the picture stays in sight when it is moved, in CSS pixels. */
const KEEP_IN_SIGHT_PX = 64;

export function toScreen(view: View, point: Point): Point {
  return { x: view.x + point.x * view.scale, y: view.y + point.y * view.scale };
}

export function toPicture(view: View, point: Point): Point {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

/**
 * The whole picture in the middle; never enlarged, since a small photo would look worse than it is.
 * @param ratio device pixels a CSS pixel: at 100 % each picture pixel is one of the device's
 */
export function fitView(picture: Size, canvas: Size, ratio = 1): View {
  const room = (side: number) => Math.max(1, side - 2 * FIT_MARGIN_PX);
  const scale = clampScale(
    Math.min(1 / ratio, room(canvas.width) / picture.width, room(canvas.height) / picture.height),
  );
  return centred(picture, canvas, scale, ratio);
}

/**
 * Like {@link fitView}, but a picture that is tiny beside the window is enlarged by a whole factor,
 * so that every picture pixel is an equal square.
 */
export function openingView(picture: Size, canvas: Size, ratio = 1): View {
  const fitted = fitView(picture, canvas, ratio);
  if (fitted.scale * ratio < 1) return fitted;
  const room = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  const factor = Math.max(1, Math.min(Math.floor(0.8 * room * ratio), 8));
  return centred(picture, canvas, clampScale(factor / ratio), ratio);
}

function centred(picture: Size, canvas: Size, scale: number, ratio: number): View {
  const x = (canvas.width - picture.width * scale) / 2;
  const y = (canvas.height - picture.height * scale) / 2;
  return onPixels({ scale, x, y }, ratio);
}

/** Moved to whole device pixels: at 100 % a half pixel of offset would blur the picture. */
export function onPixels(view: View, ratio: number): View {
  const whole = (offset: number) => Math.round(offset * ratio) / ratio;
  return { scale: view.scale, x: whole(view.x), y: whole(view.y) };
}

/** Changes the scale so that the picture point under `anchor` (CSS pixels) stays there. */
export function zoomAt(view: View, scale: number, anchor: Point): View {
  const next = clampScale(scale);
  const point = toPicture(view, anchor);
  return { scale: next, x: anchor.x - point.x * next, y: anchor.y - point.y * next };
}

/** Moves the view the shortest way so that a part of the picture stays in sight. */
export function keepInSight(view: View, picture: Size, canvas: Size): View {
  return {
    scale: view.scale,
    x: clampOffset(view.x, picture.width * view.scale, canvas.width),
    y: clampOffset(view.y, picture.height * view.scale, canvas.height),
  };
}

function clampOffset(offset: number, length: number, room: number): number {
  const margin = Math.min(KEEP_IN_SIGHT_PX, length, room);
  return Math.max(margin - length, Math.min(offset, room - margin));
}

export function clampScale(scale: number): number {
  return Math.max(MIN_SCALE, Math.min(scale, MAX_SCALE));
}

/** Steps of the zoom buttons; between them lie factors of about 1.5. */
const ZOOM_STEPS = [
  1 / 64,
  1 / 32,
  1 / 16,
  1 / 12,
  1 / 8,
  1 / 6,
  1 / 4,
  1 / 3,
  1 / 2,
  2 / 3,
  1,
  1.5,
  2,
  3,
  4,
  6,
  8,
  12,
  16,
  32,
  64,
];

/** The next step above or below a magnification, in device pixels a picture pixel. */
export function nextZoomStep(zoom: number, direction: "in" | "out"): number {
  const slack = 1.001;
  const step =
    direction === "in"
      ? ZOOM_STEPS.find((candidate) => candidate > zoom * slack)
      : ZOOM_STEPS.findLast((candidate) => candidate < zoom / slack);
  return step ?? clampScale(zoom);
}

/** The picture pixels that can be seen, grown to whole pixels and cut to the picture. */
export function visibleRect(view: View, picture: Size, canvas: Size): Rect {
  const from = toPicture(view, { x: 0, y: 0 });
  const to = toPicture(view, { x: canvas.width, y: canvas.height });
  return rectFromEdges(
    Math.max(0, Math.floor(from.x)),
    Math.max(0, Math.floor(from.y)),
    Math.min(picture.width, Math.ceil(to.x)),
    Math.min(picture.height, Math.ceil(to.y)),
  );
}
