import { AppError } from "../errors.js";
import {
  bottomOf,
  describeRect,
  intersectRects,
  isEmptyRect,
  rectContains,
  rectFromEdges,
  rectOfSize,
  rightOf,
  uniteRects,
  type Rect,
} from "../rect.js";

/** Side of a mask's tile in pixels. */
export const MASK_TILE = 256;

/**
 * One tile of a mask: a single value for all of its pixels, or `MASK_TILE * MASK_TILE` values,
 * row-major. What lies beyond the picture's border has no meaning.
 */
export type MaskTile = number | Uint8Array;

/** Tiles as they were before a change, by index; see {@link TiledMask.takeChange}. */
export interface MaskChange {
  readonly tiles: ReadonlyMap<number, MaskTile>;
  /** What holding them costs. */
  readonly bytes: number;
}

/**
 * A picture-sized mask that is being drawn. Tiles of one value take no memory, so a mask costs the
 * length of its soft parts and not the picture; and a tile is copied before its first change, so
 * that undo keeps references instead of pixels.
 */
export class TiledMask {
  readonly columns: number;
  readonly rows: number;
  readonly #tiles: MaskTile[];
  /** Old tiles of the change under way; a tile in here was copied and may be written. */
  #before = new Map<number, MaskTile>();

  /** An empty mask for a picture of that size. */
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.columns = Math.ceil(width / MASK_TILE);
    this.rows = Math.ceil(height / MASK_TILE);
    this.#tiles = new Array<MaskTile>(this.columns * this.rows).fill(0);
  }

  get tileCount(): number {
    return this.#tiles.length;
  }

  /** The rectangle of the whole picture. */
  get rect(): Rect {
    return rectOfSize(this.width, this.height);
  }

  /** Bytes of all tiles that hold more than one value. */
  get bytes(): number {
    return bytesOf(this.#tiles);
  }

  /** A tile to read. */
  tile(index: number): MaskTile {
    return this.#tiles[index] ?? 0;
  }

  /** The picture pixels of a tile. */
  tileRect(index: number): Rect {
    const x = (index % this.columns) * MASK_TILE;
    const y = Math.floor(index / this.columns) * MASK_TILE;
    return rectFromEdges(
      x,
      y,
      Math.min(this.width, x + MASK_TILE),
      Math.min(this.height, y + MASK_TILE),
    );
  }

  /** The tiles that meet a rectangle. */
  *tilesIn(rect: Rect): Generator<number> {
    const inside = intersectRects(rect, this.rect);
    if (isEmptyRect(inside)) return;
    const lastColumn = Math.floor((rightOf(inside) - 1) / MASK_TILE);
    const lastRow = Math.floor((bottomOf(inside) - 1) / MASK_TILE);
    for (let row = Math.floor(inside.y / MASK_TILE); row <= lastRow; row++) {
      for (let column = Math.floor(inside.x / MASK_TILE); column <= lastColumn; column++) {
        yield row * this.columns + column;
      }
    }
  }

  /** Value of one pixel, 0 beyond the picture. */
  valueAt(x: number, y: number): number {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return 0;
    const tile = this.tile(Math.floor(y / MASK_TILE) * this.columns + Math.floor(x / MASK_TILE));
    if (typeof tile === "number") return tile;
    return tile[(y % MASK_TILE) * MASK_TILE + (x % MASK_TILE)] ?? 0;
  }

  /** Replaces a tile. An array that is passed belongs to the mask from then on. */
  setTile(index: number, tile: MaskTile): void {
    if (!this.#before.has(index)) this.#before.set(index, this.tile(index));
    this.#tiles[index] = tile;
  }

  /** A tile's values to write into. */
  writable(index: number): Uint8Array {
    const tile = this.tile(index);
    if (typeof tile !== "number" && this.#before.has(index)) return tile;
    const values =
      typeof tile === "number"
        ? new Uint8Array(MASK_TILE * MASK_TILE).fill(tile)
        : Uint8Array.from(tile);
    this.setTile(index, values);
    return values;
  }

  /** Sets a run of pixels of one row, which must lie in the picture. */
  fillSpan(y: number, from: number, to: number, value: number): void {
    const firstTile = Math.floor(y / MASK_TILE) * this.columns;
    const row = (y % MASK_TILE) * MASK_TILE;
    for (let x = from; x < to;) {
      const column = Math.floor(x / MASK_TILE);
      const left = column * MASK_TILE;
      const end = Math.min(to, left + MASK_TILE);
      if (this.tile(firstTile + column) !== value) {
        this.writable(firstTile + column).fill(value, row + x - left, row + end - left);
      }
      x = end;
    }
  }

  /**
   * Ends the change under way: tiles that hold one value only give their memory back.
   * @returns what was there before, or null if everything is as it was
   */
  takeChange(): MaskChange | null {
    const tiles = new Map<number, MaskTile>();
    for (const [index, before] of this.#before) {
      const after = this.#collapsed(index);
      this.#tiles[index] = isSameTile(before, after) ? before : after;
      if (!isSameTile(before, after)) tiles.set(index, before);
    }
    this.#before = new Map();
    return tiles.size === 0 ? null : { tiles, bytes: bytesOf(tiles.values()) };
  }

  /** Puts tiles back; returns the change that undoes this one. */
  restore(change: MaskChange): MaskChange {
    const tiles = new Map<number, MaskTile>();
    for (const [index, tile] of change.tiles) {
      tiles.set(index, this.tile(index));
      this.#tiles[index] = tile;
    }
    return { tiles, bytes: bytesOf(tiles.values()) };
  }

  #collapsed(index: number): MaskTile {
    const tile = this.tile(index);
    if (typeof tile === "number") return tile;
    const { width, height } = this.tileRect(index);
    const value = tile[0] ?? 0;
    for (let y = 0; y < height; y++) {
      const row = y * MASK_TILE;
      for (let x = row; x < row + width; x++) if (tile[x] !== value) return tile;
    }
    return value;
  }
}

/** The part of a tile's rectangle under `rect`, and where its first value lies in the tile. */
export function partOfTile(mask: TiledMask, index: number, rect: Rect) {
  const whole = mask.tileRect(index);
  const part = intersectRects(whole, rect);
  return { part, start: (part.y - whole.y) * MASK_TILE + part.x - whole.x };
}

/** Smallest rectangle that holds every non-zero value, or null for an empty mask. */
export function tiledMaskBounds(mask: TiledMask): Rect | null {
  let bounds = rectOfSize(0, 0);
  const mixed: number[] = [];
  for (let index = 0; index < mask.tileCount; index++) {
    const tile = mask.tile(index);
    if (typeof tile !== "number") mixed.push(index);
    else if (tile > 0) bounds = uniteRects(bounds, mask.tileRect(index));
  }
  for (const index of mixed) {
    // Only tiles that reach out of what is known can change it.
    const rect = mask.tileRect(index);
    if (isEmptyRect(bounds) || !rectContains(bounds, rect)) {
      bounds = uniteRects(bounds, boundsInTile(mask, index, rect));
    }
  }
  return isEmptyRect(bounds) ? null : bounds;
}

function boundsInTile(mask: TiledMask, index: number, rect: Rect): Rect {
  const tile = mask.tile(index);
  let [left, top, right, bottom] = [rect.width, -1, 0, 0];
  for (let y = 0; y < rect.height && typeof tile !== "number"; y++) {
    const row = tile.subarray(y * MASK_TILE, y * MASK_TILE + rect.width);
    const first = row.findIndex((value) => value > 0);
    if (first < 0) continue;
    if (top < 0) top = y;
    bottom = y + 1;
    left = Math.min(left, first);
    right = Math.max(right, row.findLastIndex((value) => value > 0) + 1);
  }
  return rectFromEdges(rect.x + left, rect.y + Math.max(0, top), rect.x + right, rect.y + bottom);
}

/** Refuses numbers that would silently paint nothing. @throws AppError REQUEST_INVALID */
export function requireFinite(what: string, values: readonly number[]): void {
  if (values.every(Number.isFinite)) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected ${what} in finite numbers but got ${values.join(", ")}.`,
  );
}

/** @throws AppError REQUEST_INVALID if `rect` is not in whole pixels */
export function requireWholePixels(rect: Rect): void {
  const numbers = [rect.x, rect.y, rect.width, rect.height];
  if (numbers.every(Number.isSafeInteger) && rect.width >= 0 && rect.height >= 0) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a rectangle in whole pixels but got ${describeRect(rect)}.`,
    { ...rect },
  );
}

function isSameTile(a: MaskTile, b: MaskTile): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  if (a === b) return true;
  // Four values at once: a large stroke ends with hundreds of tiles to look at.
  const words = wordsOf(a);
  const others = wordsOf(b);
  for (let at = 0; at < words.length; at++) if (words[at] !== others[at]) return false;
  return true;
}

function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

function bytesOf(tiles: Iterable<MaskTile>): number {
  let bytes = 0;
  for (const tile of tiles) if (typeof tile !== "number") bytes += tile.byteLength;
  return bytes;
}
