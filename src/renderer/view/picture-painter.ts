import {
  bottomOf,
  intersectRects,
  rectFromEdges,
  rectOfSize,
  rightOf,
  type Rect,
} from "../../core/rect.js";
import type { RevisionView } from "../document/document-controller.svelte.js";
import { visibleRect, type Size, type View } from "./geometry.js";
import { drawPixelGrid } from "./pixel-grid.js";
import type { Layer, PatchImage, Scene } from "./scene.js";
import type { TileCache } from "./tile-cache.js";
import {
  coarsestLevel,
  levelForScale,
  parentTile,
  tileArea,
  tilesIn,
  type TileAddress,
} from "./tile-plan.js";

/**
 * What to draw of a scene: one side, both with a divider at a fraction of the width, or both side by
 * side, each `pane` device pixels wide and the second one `offset` to the right.
 */
export type Comparison =
  | { readonly kind: "after" }
  | { readonly kind: "before" }
  | { readonly kind: "split"; readonly at: number }
  | { readonly kind: "side"; readonly pane: number; readonly offset: number };

/** Above this enlargement a person looks at pixels, and wants to see them. */
const CRISP_FROM_SCALE = 2;

/** Draws scenes into a plain canvas from tiles and patches. All of its pixels are device pixels. */
export class PicturePainter {
  readonly #context: CanvasRenderingContext2D;
  readonly #tiles: TileCache<CanvasImageSource>;
  // A patch is turned into a bitmap once and goes with its pixels.
  readonly #patches = new WeakMap<PatchImage, OffscreenCanvas>();
  #quality: ImageSmoothingQuality = "high";
  #wishes: { source: RevisionView; tiles: TileAddress[] }[] = [];

  constructor(context: CanvasRenderingContext2D, tiles: TileCache<CanvasImageSource>) {
    this.#context = context;
    this.#tiles = tiles;
  }

  /**
   * Draws what is there and asks for the tiles that are not.
   * @param isMoving draws quickly rather than finely; to be drawn once more at rest
   */
  draw(
    scene: Scene | null,
    view: View,
    canvas: Size,
    comparison: Comparison,
    hasGrid: boolean,
    isMoving = false,
  ): void {
    this.#quality = isMoving ? "low" : "high";
    this.#context.clearRect(0, 0, canvas.width, canvas.height);
    this.#wishes = [];
    if (scene !== null) {
      const before = scene.before ?? scene.after;
      switch (comparison.kind) {
        case "after":
          this.#drawLayers(scene.after, scene.size, view, canvas);
          break;
        case "before":
          this.#drawLayers(before, scene.size, view, canvas);
          break;
        case "split": {
          const x = Math.round(view.x + comparison.at * scene.size.width * view.scale);
          this.#clipped(rectFromEdges(x, 0, canvas.width, canvas.height), () =>
            this.#drawLayers(scene.after, scene.size, view, canvas),
          );
          this.#clipped(rectFromEdges(0, 0, x, canvas.height), () =>
            this.#drawLayers(before, scene.size, view, canvas),
          );
          break;
        }
        case "side": {
          const pane = { width: comparison.pane, height: canvas.height };
          for (const [layers, left] of [
            [before, 0],
            [scene.after, comparison.offset],
          ] as const) {
            this.#context.save();
            this.#context.translate(left, 0);
            this.#clipped(rectOfSize(pane.width, pane.height), () => {
              this.#drawLayers(layers, scene.size, view, pane);
              if (hasGrid) drawPixelGrid(this.#context, scene.size, view, pane);
            });
            this.#context.restore();
          }
        }
      }
      if (hasGrid && comparison.kind !== "side") {
        drawPixelGrid(this.#context, scene.size, view, canvas);
      }
    }
    this.#tiles.want(this.#wishes);
  }

  #clipped(rect: Rect, draw: () => void): void {
    const context = this.#context;
    context.save();
    context.beginPath();
    context.rect(rect.x, rect.y, rect.width, rect.height);
    context.clip();
    draw();
    context.restore();
  }

  #drawLayers(layers: readonly Layer[], size: Size, view: View, canvas: Size): void {
    for (const layer of layers) {
      if (layer.kind === "patch") this.#drawPatch(layer, size, view);
      else this.#drawTiles(layer.view, fitTo(layer.view.size, size, view), canvas);
    }
  }

  #drawTiles(source: RevisionView, view: View, canvas: Size): void {
    const { size } = source;
    const visible = visibleRect(view, size, canvas);
    const tiles = tilesIn(visible, levelForScale(view.scale, size));
    this.#context.imageSmoothingEnabled = view.scale < CRISP_FROM_SCALE;
    this.#context.imageSmoothingQuality = this.#quality;
    const missing: TileAddress[] = [];
    for (const tile of tiles) {
      if (!this.#drawTile(source, tile, view)) missing.push(tile);
    }
    // The whole picture as one tile comes first: it fills every gap at once.
    const coarsest: TileAddress = { level: coarsestLevel(size), column: 0, row: 0 };
    this.#wishes.push({ source, tiles: missing.length > 0 ? [coarsest, ...missing] : [] });
  }

  /** Returns false if only a coarser stand-in, or nothing, could be drawn. */
  #drawTile(source: RevisionView, tile: TileAddress, view: View): boolean {
    const bitmap = this.#tiles.get(source, tile);
    const area = tileArea(tile, source.size);
    if (bitmap !== null) {
      const side = 2 ** tile.level;
      const from = rectFromEdges(0, 0, area.width / side, area.height / side);
      this.#drawImage(bitmap, from, area, view);
      return true;
    }
    const coarsest = coarsestLevel(source.size);
    for (let other = parentTile(tile); other.level <= coarsest; other = parentTile(other)) {
      const standIn = this.#tiles.get(source, other);
      if (standIn === null) continue;
      const whole = tileArea(other, source.size);
      const shrink = 2 ** other.level;
      this.#drawImage(
        standIn,
        {
          x: (area.x - whole.x) / shrink,
          y: (area.y - whole.y) / shrink,
          width: area.width / shrink,
          height: area.height / shrink,
        },
        area,
        view,
      );
      break;
    }
    return false;
  }

  #drawPatch({ rect, image, isLarger }: Layer & { kind: "patch" }, size: Size, view: View): void {
    let bitmap = this.#patches.get(image);
    if (bitmap === undefined) {
      bitmap = new OffscreenCanvas(image.width, image.height);
      const pixels = new ImageData(new Uint8ClampedArray(image.rgba), image.width, image.height);
      bitmap.getContext("2d")?.putImageData(pixels, 0, 0);
      this.#patches.set(image, bitmap);
    }
    // A region may hang over the picture's border; what hangs over is not part of the picture.
    const inside =
      isLarger === true ? rect : intersectRects(rect, rectFromEdges(0, 0, size.width, size.height));
    const perPixel = image.width / rect.width;
    this.#context.imageSmoothingEnabled = view.scale / perPixel < CRISP_FROM_SCALE;
    const from = {
      x: (inside.x - rect.x) * perPixel,
      y: (inside.y - rect.y) * (image.height / rect.height),
      width: inside.width * perPixel,
      height: inside.height * (image.height / rect.height),
    };
    this.#erase(inside, view);
    this.#drawImage(bitmap, from, inside, view);
  }

  /** What is under a patch is replaced, not mixed, where the picture is transparent. */
  #erase(area: Rect, view: View): void {
    const to = toDevice(area, view);
    this.#context.clearRect(to.x, to.y, to.width, to.height);
  }

  #drawImage(image: CanvasImageSource, from: Rect, area: Rect, view: View): void {
    const to = toDevice(area, view);
    if (to.width <= 0 || to.height <= 0) return;
    this.#context.drawImage(
      image,
      from.x,
      from.y,
      from.width,
      from.height,
      to.x,
      to.y,
      to.width,
      to.height,
    );
  }
}

/** Whole device pixels, so that neighbouring tiles meet without a seam. */
function toDevice(area: Rect, view: View): Rect {
  return rectFromEdges(
    Math.round(view.x + area.x * view.scale),
    Math.round(view.y + area.y * view.scale),
    Math.round(view.x + rightOf(area) * view.scale),
    Math.round(view.y + bottomOf(area) * view.scale),
  );
}

/** The view that stretches a revision of another size over the scene's picture. */
function fitTo(from: Size, to: Size, view: View): View {
  return { ...view, scale: (view.scale * to.width) / from.width };
}
