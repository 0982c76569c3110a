import {
  fitView,
  keepInSight,
  nextZoomStep,
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
  /** Cursor in picture pixels, or null when it is elsewhere. */
  cursor = $state.raw<Point | null>(null);
  // As long as nobody moved the picture, it stays fitted while the window changes its size.
  #isFitted = true;

  /** Shows another picture from the start. */
  show(picture: Size): void {
    this.picture = picture;
    this.#isFitted = true;
    this.view = openingView(picture, this.canvas);
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

  resize(canvas: Size): void {
    const before = this.canvas;
    this.canvas = canvas;
    if (this.picture === null) return;
    if (this.#isFitted) {
      this.view = openingView(this.picture, canvas);
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
    this.zoomTo(nextZoomStep(this.view.scale, direction), anchor);
  }

  fit(): void {
    if (this.picture === null) return;
    this.#isFitted = true;
    this.view = fitView(this.picture, this.canvas);
  }

  actualSize(): void {
    this.zoomTo(1);
    this.view = { ...this.view, x: Math.round(this.view.x), y: Math.round(this.view.y) };
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
