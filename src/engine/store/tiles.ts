import { AppError } from "../../core/errors.js";
import { createRaster, type Raster } from "../../core/raster.js";
import { toScreenPixels, type ScreenPixels } from "../../core/screen-pixels.js";
import { TILE_SIZE } from "../../shared/limits.js";
import { ByteCache } from "./byte-cache.js";

const CACHE_BYTES = 96 * 1024 * 1024;
const REDUCED_CACHE_BYTES = 128 * 1024 * 1024;
/** Levels from here on are made from a picture that was reduced to this level once. */
const REDUCED_LEVEL = 2;
const REDUCED_FACTOR = 2 ** REDUCED_LEVEL;
/** Reducing stops for other requests after so many pixels of the picture, some 10 ms. */
const PIXELS_A_STEP = 2_000_000;

/** Where a tile lies in the picture that is box-reduced by `2^level`. */
export interface TileAddress {
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

/**
 * Tiles for the screen, remembered while there is room. A tile of a coarse level covers up to the
 * whole picture: made from the picture itself it would read 100 megapixels, and the next one again.
 */
export class TileCache {
  readonly #tiles = new ByteCache<ScreenPixels>(CACHE_BYTES);
  readonly #reduced = new ByteCache<Promise<Raster>>(REDUCED_CACHE_BYTES);

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
    const tile =
      level < REDUCED_LEVEL
        ? renderTile(await raster(), { level, column, row })
        : renderTile(await this.#reducedOf(owner, raster), {
            level: level - REDUCED_LEVEL,
            column,
            row,
          });
    this.#tiles.set(key, tile, tile.rgba.byteLength);
    return tile;
  }

  forget(owner: string): void {
    this.#tiles.deleteWhere((key) => key.startsWith(`${owner}/`));
    this.#reduced.deleteWhere((key) => key === owner || key.startsWith(`${owner}/`));
  }

  async #reducedOf(owner: string, raster: () => Promise<Raster>): Promise<Raster> {
    const known = this.#reduced.get(owner);
    if (known) return known;
    const whole = await raster();
    // Another tile may have begun in the meantime.
    const begun = this.#reduced.get(owner);
    if (begun) return begun;
    const reducing = reduce(whole);
    const bytes = (whole.width * whole.height * 4) / REDUCED_FACTOR ** 2;
    this.#reduced.set(owner, reducing, bytes);
    reducing.catch(() => this.#reduced.delete(owner));
    return reducing;
  }
}

/** The picture at {@link REDUCED_LEVEL} as 8-bit RGBA, made in bands with pauses between them. */
async function reduce(raster: Raster): Promise<Raster> {
  const width = Math.ceil(raster.width / REDUCED_FACTOR);
  const height = Math.ceil(raster.height / REDUCED_FACTOR);
  const rgba = new Uint8Array(width * height * 4);
  const rows = REDUCED_FACTOR * Math.ceil(PIXELS_A_STEP / raster.width / REDUCED_FACTOR);
  for (let y = 0; y < raster.height; y += rows) {
    const band = { x: 0, y, width: raster.width, height: Math.min(rows, raster.height - y) };
    rgba.set(toScreenPixels(raster, band, REDUCED_FACTOR).rgba, (y / REDUCED_FACTOR) * width * 4);
    await new Promise(setImmediate);
  }
  return createRaster(width, height, 4, 8, rgba);
}

function renderTile(raster: Raster, { level, column, row }: TileAddress): ScreenPixels {
  const factor = 2 ** level;
  const side = TILE_SIZE * factor;
  const x = column * side;
  const y = row * side;
  if (x >= raster.width || y >= raster.height) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a tile of the picture but got column ${column}, row ${row} at level ${level}, beyond its ${raster.width} x ${raster.height} pixels.`,
      { level, column, row },
    );
  }
  const width = Math.min(side, raster.width - x);
  const height = Math.min(side, raster.height - y);
  return toScreenPixels(raster, { x, y, width, height }, factor);
}
