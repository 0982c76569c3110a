import type { Point } from "./geometry.js";

/** What two fingers did since the last time, in CSS pixels. */
export interface PinchChange {
  readonly factor: number;
  readonly moved: Point;
  /** Where they are now, between them. */
  readonly middle: Point;
}

/** Fingers on the canvas. */
export class Touches {
  readonly #fingers = new Map<number, Point>();

  get count(): number {
    return this.#fingers.size;
  }

  /** Returns how many there are now. */
  down(pointerId: number, at: Point): number {
    this.#fingers.set(pointerId, at);
    return this.#fingers.size;
  }

  up(pointerId: number): void {
    this.#fingers.delete(pointerId);
  }

  /** Null unless exactly two fingers are down and this is one of them. */
  move(pointerId: number, at: Point): PinchChange | null {
    if (this.#fingers.size !== 2 || !this.#fingers.has(pointerId)) return null;
    const before = spanOf([...this.#fingers.values()]);
    this.#fingers.set(pointerId, at);
    const after = spanOf([...this.#fingers.values()]);
    return {
      factor: before.length > 0 && after.length > 0 ? after.length / before.length : 1,
      moved: { x: after.middle.x - before.middle.x, y: after.middle.y - before.middle.y },
      middle: after.middle,
    };
  }
}

function spanOf([a, b]: readonly Point[]): { readonly length: number; readonly middle: Point } {
  const [from, to] = [a ?? { x: 0, y: 0 }, b ?? { x: 0, y: 0 }];
  return {
    length: Math.hypot(to.x - from.x, to.y - from.y),
    middle: { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 },
  };
}
