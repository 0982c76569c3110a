import type { TiledMask } from "../../core/mask/tiled-mask.js";
import {
  inflateRect,
  intersectRects,
  isEmptyRect,
  rectFromEdges,
  rectOfSize,
  rightOf,
  bottomOf,
  uniteRects,
  type Rect,
} from "../../core/rect.js";
import type { Size, View } from "../view/geometry.js";
import { paintMaskOverlay, type OverlayStyle } from "./overlay.js";

/** A mask over the picture, and what of it there is to see. */
export interface OverlayInput {
  readonly mask: TiledMask;
  /** Bounds of what is masked, or null. */
  readonly bounds: Rect | null;
  /** What changed since the last time in picture pixels, or null for everything. */
  readonly dirty: Rect | null;
  /** In device pixels. */
  readonly view: View;
  readonly canvas: Size;
  readonly style: OverlayStyle;
}

/**
 * Keeps a canvas in step with a mask, drawing again only what changed: during a stroke the pixels
 * around the brush, else what of the mask can be seen.
 */
export class OverlayCanvas {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #image: ImageData | null = null;
  #pixels = new Uint32Array(0);
  /** Device pixels that may hold anything. */
  #drawn: Rect = rectOfSize(0, 0);
  #last: OverlayInput | null = null;

  constructor(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D) {
    this.#canvas = canvas;
    this.#context = context;
  }

  draw(input: OverlayInput): void {
    const isSame = this.#image !== null && isSamePlace(this.#last, input);
    this.#last = input;
    const image = this.#fit(input.canvas);
    const shown = onScreen(input.bounds, input);
    const area =
      isSame && input.dirty !== null
        ? onScreen(input.dirty, input)
        : unite(shown, this.#drawn, input.canvas);
    if (isEmptyRect(area)) return;
    const target = { width: image.width, pixels: this.#pixels };
    paintMaskOverlay(target, area, input.mask, input.view, input.style);
    this.#context.putImageData(image, 0, 0, area.x, area.y, area.width, area.height);
    this.#drawn = unite(shown, isSame && input.dirty !== null ? this.#drawn : shown, input.canvas);
  }

  clear(): void {
    if (isEmptyRect(this.#drawn)) return;
    this.#pixels.fill(0);
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#drawn = rectOfSize(0, 0);
    this.#last = null;
  }

  #fit({ width, height }: Size): ImageData {
    if (this.#image?.width === width && this.#image.height === height) return this.#image;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#image = new ImageData(width, height);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    this.#drawn = rectOfSize(0, 0);
    return this.#image;
  }
}

/** The device pixels that show a rectangle of the picture, with room for its edge. */
function onScreen(rect: Rect | null, { view, canvas }: OverlayInput): Rect {
  if (rect === null || isEmptyRect(rect)) return rectOfSize(0, 0);
  const shown = rectFromEdges(
    Math.floor(view.x + rect.x * view.scale),
    Math.floor(view.y + rect.y * view.scale),
    Math.ceil(view.x + rightOf(rect) * view.scale),
    Math.ceil(view.y + bottomOf(rect) * view.scale),
  );
  return intersectRects(inflateRect(shown, 2), rectOfSize(canvas.width, canvas.height));
}

function unite(a: Rect, b: Rect, canvas: Size): Rect {
  return intersectRects(uniteRects(a, b), rectOfSize(canvas.width, canvas.height));
}

function isSamePlace(a: OverlayInput | null, b: OverlayInput): boolean {
  return (
    a !== null &&
    a.mask === b.mask &&
    a.style === b.style &&
    a.view.scale === b.view.scale &&
    a.view.x === b.view.x &&
    a.view.y === b.view.y &&
    a.canvas.width === b.canvas.width &&
    a.canvas.height === b.canvas.height
  );
}
