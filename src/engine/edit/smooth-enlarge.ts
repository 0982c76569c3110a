import type { ModelImage } from "../../core/model-image.js";

/** Where a pixel of the larger picture lies between two of the smaller. */
interface Between {
  readonly first: number;
  readonly second: number;
  /** Weight of the second. */
  readonly share: number;
}

const NOWHERE: Between = { first: 0, second: 0, share: 0 };

/** A picture at another size, centre-aligned and linear in between: for previews, which nobody keeps. */
export function enlargeSmoothly(image: ModelImage, side: number): ModelImage {
  if (image.side === side) return image;
  const places = Array.from({ length: side }, (_, at) =>
    placeOf(at, image.side / side, image.side),
  );
  const wide = new Float32Array(3 * image.side * side);
  for (let row = 0; row < 3 * image.side; row++) {
    for (let x = 0; x < side; x++) {
      const { first, second, share } = places[x] ?? NOWHERE;
      const one = image.data[row * image.side + first] ?? 0;
      const other = image.data[row * image.side + second] ?? 0;
      wide[row * side + x] = one + (other - one) * share;
    }
  }
  const data = new Float32Array(3 * side * side);
  for (let row = 0; row < 3 * side; row++) {
    const { first, second, share } = places[row % side] ?? NOWHERE;
    const plane = Math.floor(row / side) * image.side;
    const above = (plane + first) * side;
    const below = (plane + second) * side;
    for (let x = 0; x < side; x++) {
      const one = wide[above + x] ?? 0;
      data[row * side + x] = one + ((wide[below + x] ?? 0) - one) * share;
    }
  }
  return { side, data };
}

function placeOf(at: number, scale: number, count: number): Between {
  const centre = Math.max(0, Math.min(count - 1, (at + 0.5) * scale - 0.5));
  const first = Math.floor(centre);
  return { first, second: Math.min(first + 1, count - 1), share: centre - first };
}
