/** Where a brush has full strength and where it ends, in pixels from its middle; 0 <= inner < outer. */
export interface Radii {
  readonly inner: number;
  readonly outer: number;
}

const STEPS = 4096;
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
  readonly #table = new Uint16Array(STEPS + 1).fill(AMBIGUOUS);
  readonly #start: number;
  readonly #end: number;

  constructor(readonly radii: Radii) {
    this.#start = radii.inner ** 2;
    this.#end = radii.outer ** 2;
    const width = (this.#end - this.#start) / STEPS;
    // Rounding may put a distance into the step beside its own, so each is taken a bit wider.
    const slack = width / 1000;
    for (let step = 0; step < STEPS; step++) {
      const nearest = this.#start + step * width;
      const value = strengthAt(Math.max(0, nearest - slack), radii);
      if (value === strengthAt(nearest + width + slack, radii)) this.#table[step] = value;
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
    const start = this.#start;
    const end = this.#end;
    const perStep = STEPS / (end - start);
    for (let x = left; x < right; x++) {
      const distance = slope * x + offset;
      const squared = distance * distance + base;
      if (squared >= end) continue;
      let painted = 255;
      if (squared > start) {
        painted = table[((squared - start) * perStep) | 0] ?? AMBIGUOUS;
        if (painted === AMBIGUOUS) painted = strengthAt(squared, this.radii);
      }
      const old = values[row + x] ?? 0;
      if (isErasing) {
        if (255 - painted < old) values[row + x] = 255 - painted;
      } else if (painted > old) values[row + x] = painted;
    }
  }
}
