/** Where a brush has full strength and where it ends, in pixels from its middle; 0 <= inner < outer. */
export interface Radii {
  readonly inner: number;
  readonly outer: number;
}

const STEPS = 16384;
/** Stands in a table for a step within which the strength changes. */
const AMBIGUOUS = 256;

/** A smooth fall from full strength, 255, at `inner` to none at `outer`. */
export function strengthAt(distanceSquared: number, { inner, outer }: Radii): number {
  if (distanceSquared <= inner * inner) return 255;
  const t = (Math.sqrt(distanceSquared) - inner) / (outer - inner);
  return t >= 1 ? 0 : Math.round(255 * (1 - t * t * (3 - 2 * t)));
}

/**
 * The same strengths from a table over squared distances. They only fall, so a step that begins and
 * ends with one value has it throughout; in the others it is computed. That makes a large soft brush
 * quick enough to follow the hand.
 */
export class Falloff {
  readonly #table = new Uint16Array(STEPS).fill(AMBIGUOUS);
  /** Steps a squared pixel. */
  readonly #perSquare: number;

  constructor(readonly radii: Radii) {
    const start = radii.inner ** 2;
    const width = (radii.outer ** 2 - start) / STEPS;
    this.#perSquare = 1 / width;
    // Rounding may put a distance into the step beside its own, so each is taken a bit wider.
    const slack = width / 1000;
    let value = strengthAt(Math.max(0, start - slack), radii);
    for (let step = 0; step < STEPS; step++) {
      const end = start + (step + 1) * width;
      if (value === strengthAt(end + slack, radii)) this.#table[step] = value;
      value = strengthAt(Math.max(0, end - slack), radii);
    }
  }

  /**
   * Raises the values [row + left, row + right) to the strength, or lowers them to what it leaves, for
   * column x at the squared distance (slope * x + offset)^2 + base.
   */
  paint(
    values: Uint8Array,
    isErasing: boolean,
    row: number,
    left: number,
    right: number,
    slope: number,
    offset: number,
    base: number,
  ): void {
    if (left >= right) return;
    const table = this.#table;
    const flip = isErasing ? 255 : 0;
    const { radii } = this;
    // Distances in steps of the table, so that a pixel costs a square, a look-up and a comparison.
    const scale = Math.sqrt(this.#perSquare);
    const perColumn = slope * scale;
    const first = offset * scale;
    const rest = (base - radii.inner ** 2) * this.#perSquare;
    for (let x = left; x < right; x++) {
      const along = perColumn * x + first;
      const step = along * along + rest;
      if (step >= STEPS) continue;
      let painted = step < 0 ? 255 : (table[step | 0] ?? 0);
      if (painted === AMBIGUOUS) painted = strengthAt((slope * x + offset) ** 2 + base, radii);
      const at = row + x;
      const old = (values[at] ?? 0) ^ flip;
      if (painted > old) values[at] = painted ^ flip;
    }
  }
}
