import { AppError } from "../../core/errors.js";
import type { Raster } from "../../core/raster.js";
import { toScreenPixels, type ScreenPixels } from "../../core/screen-pixels.js";
import { TILE_SIZE } from "../../shared/limits.js";
import { ByteCache } from "./byte-cache.js";

const CACHE_BYTES = 96 * 1024 * 1024;

/** Where a tile lies in the picture that is box-reduced by `2^level`. */
export interface TileAddress {
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

/** Tiles for the screen, remembered while there is room. */
export class TileCache {
  readonly #tiles = new ByteCache<ScreenPixels>(CACHE_BYTES);

  /**
   * @param owner names the picture, so that the same address of another one is another tile
   * @throws AppError REQUEST_INVALID for a tile that the picture does not have
   */
  async read(
    owner: string,
    { level, column, row }: TileAddress,
    raster: () => Promise<Raster>,
  ): Promise<ScreenPixels> {
    const key = `${owner}/${level}/${column}/${row}`;
    const known = this.#tiles.get(key);
    if (known) return known;
    const tile = renderTile(await raster(), { level, column, row });
    this.#tiles.set(key, tile, tile.rgba.byteLength);
    return tile;
  }

  forget(owner: string): void {
    this.#tiles.deleteWhere((key) => key.startsWith(`${owner}/`));
  }
}

function renderTile(raster: Raster, { level, column, row }: TileAddress): ScreenPixels {
  const factor = 2 ** level;
  const side = TILE_SIZE * factor;
  const x = column * side;
  const y = row * side;
  if (x >= raster.width || y >= raster.height) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a tile of the ${raster.width} x ${raster.height} picture but got column ${column}, row ${row} at level ${level}.`,
      { level, column, row },
    );
  }
  const width = Math.min(side, raster.width - x);
  const height = Math.min(side, raster.height - y);
  return toScreenPixels(raster, { x, y, width, height }, factor);
}
