import type { Pace } from "../bundle/enlarger.js";

/** Milliseconds that one run of the network may take: a running graph cannot be cancelled. */
const RUN_MS = 65;
/** Pixels of the first tile, before anything is known about this machine. */
const FIRST_AREA = 96 ** 2;
const LARGEST_SIDE = 512;
/** Nothing smaller is tried when memory is short. */
const LEAST_SIDE = 16;
/** Memory that a network takes for an input pixel: some layers of some hundred floats at a time. */
const BYTES_A_PIXEL = 8_192;
/** Share of the free memory that a tile may take, and as much again the finished rows above a strip of tiles. */
const MEMORY_SHARE = 1 / 8;
/** Most bytes of finished rows, however much memory there is. */
const MOST_STRIP_BYTES = 2 ** 28;

export interface TileSizerOptions {
  /** Input pixels that a tile is read beyond what it gives. */
  readonly halo: number;
  /** Bytes of memory that are free. */
  readonly freeBytes: number;
  /** Bytes of the finished rows above one row of input pixels. */
  readonly rowBytes: number;
  /** What is known about the network's speed. */
  readonly pace: Pace;
}

/**
 * Chooses how large tiles are. The result does not depend on it, so it may follow what was measured:
 * large tiles waste less on their halo, small ones need less memory and can be cancelled sooner.
 */
export class TileSizer {
  readonly #halo: number;
  readonly #pace: Pace;
  readonly #mostRows: number;
  #largestArea: number;

  constructor({ halo, freeBytes, rowBytes, pace }: TileSizerOptions) {
    this.#halo = halo;
    this.#pace = pace;
    const stripBytes = Math.min(freeBytes * MEMORY_SHARE, MOST_STRIP_BYTES);
    this.#mostRows = Math.max(LEAST_SIDE, Math.floor(stripBytes / rowBytes));
    const affordable = (freeBytes * MEMORY_SHARE) / BYTES_A_PIXEL;
    this.#largestArea = Math.min(affordable, LARGEST_SIDE ** 2);
  }

  /** Rows of the next strip of tiles, of which `left` are still to do. */
  rows(left: number): number {
    const rows = evenPart(left, this.#innerSide(Math.sqrt(this.#area())));
    return Math.min(rows, this.#mostRows);
  }

  /** Columns of the next tile in a strip of that many rows. */
  columns(left: number, rows: number): number {
    return evenPart(left, this.#innerSide(this.#area() / (rows + 2 * this.#halo)));
  }

  /** Takes smaller tiles from now on, because a tile of that size had not enough memory. */
  shrink(pixels: number): void {
    this.#largestArea = Math.min(this.#largestArea, pixels / 2);
  }

  #area(): number {
    const { msPerPixel } = this.#pace;
    const affordable = msPerPixel === null ? FIRST_AREA : RUN_MS / msPerPixel;
    return Math.min(affordable, this.#largestArea);
  }

  /**
   * Below three halos most of the work would be wasted on them: a slow machine then takes longer for
   * a tile rather than twice as long for the picture.
   */
  #innerSide(outer: number): number {
    const isShortOfMemory = this.#largestArea < (5 * this.#halo) ** 2;
    const least = isShortOfMemory ? LEAST_SIDE : Math.max(LEAST_SIDE, 3 * this.#halo);
    return Math.max(least, Math.floor(outer) - 2 * this.#halo);
  }
}

/** Splits a length into equal parts of about `wanted`, at most a quarter more; the size of the first. */
function evenPart(length: number, wanted: number): number {
  return Math.ceil(length / Math.max(1, Math.ceil(length / (wanted * 1.25))));
}
