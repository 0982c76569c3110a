import {
  fitView,
  keepInSight,
  nextZoomStep,
  onPixels,
  openingView,
  toPicture,
  zoomAt,
  type Point,
  type Size,
  type View,
} from "./geometry.js";

/** Where the picture lies in the window, and what the cursor points at. */
export class Viewport {
  /** Size of the canvas in CSS pixels. */
  canvas = $state.raw<Size>({ width: 1, height: 1 });
  /** Size of the picture that is shown, or null without one. */
  picture = $state.raw<Size | null>(null);
  view = $state.raw<View>({ scale: 1, x: 0, y: 0 });
  /** Device pixels a CSS pixel. */
  ratio = $state(1);
  /** Cursor in picture pixels, or null when it is elsewhere. */
  cursor = $state.raw<Point | null>(null);
  // As long as nobody moved the picture, it stays fitted while the window changes its size.
  #isFitted = true;

  /** Device pixels a picture pixel: 1 is "100 %", whatever the screen. */
  get zoom(): number {
    return this.view.scale * this.ratio;
  }

  /** Shows another picture from the start. */
  show(picture: Size): void {
    this.picture = picture;
    this.#isFitted = true;
    this.view = openingView(picture, this.canvas, this.ratio);
  }

  /**
   * The picture was replaced by one of another resolution (an upscale, or its undo): what was in
   * sight stays in place.
   */
  replace(picture: Size): void {
    if (this.picture === null) {
      this.show(picture);
      return;
    }
    const ratio = this.picture.width / picture.width;
    this.picture = picture;
    if (ratio !== 1) this.view = { ...this.view, scale: this.view.scale * ratio };
  }

  hide(): void {
    this.picture = null;
    this.cursor = null;
  }

  /** @param ratio device pixels a CSS pixel; another monitor may have another */
  resize(canvas: Size, ratio = this.ratio): void {
    const before = this.canvas;
    this.canvas = canvas;
    this.ratio = ratio;
    if (this.picture === null) return;
    if (this.#isFitted) {
      this.view = openingView(this.picture, canvas, ratio);
      return;
    }
    this.#move({
      ...this.view,
      x: this.view.x + (canvas.width - before.width) / 2,
      y: this.view.y + (canvas.height - before.height) / 2,
    });
  }

  panBy(dx: number, dy: number): void {
    this.#move({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
  }

  /** @param anchor the point that stays, in CSS pixels of the canvas; its middle if left out */
  zoomTo(scale: number, anchor: Point = this.#middle()): void {
    this.#move(zoomAt(this.view, scale, anchor));
  }

  zoomStep(direction: "in" | "out", anchor?: Point): void {
    this.zoomTo(nextZoomStep(this.zoom, direction) / this.ratio, anchor);
  }

  fit(): void {
    if (this.picture === null) return;
    this.#isFitted = true;
    this.view = fitView(this.picture, this.canvas, this.ratio);
  }

  /** Shows each picture pixel as so many device pixels, sharply. */
  magnify(zoom: number): void {
    this.zoomTo(zoom / this.ratio);
    this.view = onPixels(this.view, this.ratio);
  }

  actualSize(): void {
    this.magnify(1);
  }

  pointAt(place: Point): void {
    this.cursor = this.picture === null ? null : toPicture(this.view, place);
  }

  #move(view: View): void {
    if (this.picture === null) return;
    this.#isFitted = false;
    this.view = keepInSight(view, this.picture, this.canvas);
  }

  #middle(): Point {
    return { x: this.canvas.width / 2, y: this.canvas.height / 2 };
  }
}
