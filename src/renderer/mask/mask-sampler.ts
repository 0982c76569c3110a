import { MASK_TILE, type TiledMask } from "../../core/mask/tiled-mask.js";
import type { View } from "../view/geometry.js";

/** Screen columns that show the same column of tiles. */
interface Run {
  readonly tileColumn: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads a mask as rows of screen pixels, each the mask's nearest pixel. That costs the window and not
 * the picture, and needs no tinted copy of a mask that may have a hundred megapixels.
 */
export class MaskSampler {
  readonly #mask: TiledMask;
  readonly #view: View;
  readonly #width: number;
  /** Within its tile, the mask's column of each screen column. */
  readonly #columns: Uint8Array;
  readonly #runs: Run[] = [];

  /**
   * @param view in the target's pixels
   * @param left, width the screen columns that rows are read for
   */
  constructor(mask: TiledMask, view: View, left: number, width: number) {
    this.#mask = mask;
    this.#view = view;
    this.#width = width;
    this.#columns = new Uint8Array(width);
    for (let x = 0; x < width; x++) {
      const column = Math.floor((left + x + 0.5 - view.x) / view.scale);
      if (column < 0 || column >= mask.width) continue;
      this.#columns[x] = column % MASK_TILE;
      const tileColumn = Math.floor(column / MASK_TILE);
      const last = this.#runs.at(-1);
      if (last?.tileColumn === tileColumn) {
        this.#runs[this.#runs.length - 1] = { ...last, to: x + 1 };
      } else this.#runs.push({ tileColumn, from: x, to: x + 1 });
    }
  }

  /** The values of one screen row; 0 beside the picture. Returns false if all of them are 0. */
  read(y: number, into: Uint8Array): boolean {
    const row = Math.floor((y + 0.5 - this.#view.y) / this.#view.scale);
    into.fill(0, 0, this.#width);
    if (row < 0 || row >= this.#mask.height) return false;
    const firstTile = Math.floor(row / MASK_TILE) * this.#mask.columns;
    const start = (row % MASK_TILE) * MASK_TILE;
    let hasAny = false;
    for (const { tileColumn, from, to } of this.#runs) {
      const tile = this.#mask.tile(firstTile + tileColumn);
      if (tile === 0) continue;
      hasAny = true;
      if (typeof tile === "number") into.fill(tile, from, to);
      else if (this.#view.scale === 1) {
        const first = start + (this.#columns[from] ?? 0);
        into.set(tile.subarray(first, first + to - from), from);
      } else for (let x = from; x < to; x++) into[x] = tile[start + (this.#columns[x] ?? 0)] ?? 0;
    }
    return hasAny;
  }
}
