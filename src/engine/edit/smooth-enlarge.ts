import type { ModelImage } from "../../core/model-image.js";

/** Where a pixel of the larger picture lies between two of the smaller. */
interface Between {
  readonly first: number;
  readonly second: number;
  /** Weight of the second. */
  readonly share: number;
}

/** A picture at another size, centre-aligned and linear in between: for previews, which nobody keeps. */
export function enlargeSmoothly(image: ModelImage, side: number): ModelImage {
  if (image.side === side) return image;
  const places = Array.from({ length: side }, (_, at) =>
    placeOf(at, image.side / side, image.side),
  );
  const data = new Float32Array(3 * side * side);
  let target = 0;
  for (let plane = 0; plane < 3; plane++) {
    const start = plane * image.side * image.side;
    for (const row of places) {
      const top = start + row.first * image.side;
      const bottom = start + row.second * image.side;
      for (const { first, second, share } of places) {
        const above = mix(image.data[top + first], image.data[top + second], share);
        const below = mix(image.data[bottom + first], image.data[bottom + second], share);
        data[target++] = mix(above, below, row.share);
      }
    }
  }
  return { side, data };
}

function placeOf(at: number, scale: number, count: number): Between {
  const centre = Math.max(0, Math.min(count - 1, (at + 0.5) * scale - 0.5));
  const first = Math.floor(centre);
  return { first, second: Math.min(first + 1, count - 1), share: centre - first };
}

function mix(one = 0, other = 0, share: number): number {
  return one + (other - one) * share;
}
