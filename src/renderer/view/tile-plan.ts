import { bottomOf, rightOf, type Rect } from "../../core/rect.js";
import { TILE_SIZE } from "../../shared/limits.js";
import type { Size } from "./geometry.js";

/** A tile's place in the pyramid of reduced pictures. */
export interface TileAddress {
  /** 0 = native, n = reduced by 2^n. */
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

/** The level at which the whole picture is one tile; coarser ones are of no use. */
export function coarsestLevel(picture: Size): number {
  const longer = Math.max(picture.width, picture.height);
  return Math.max(0, Math.ceil(Math.log2(longer / TILE_SIZE)));
}

/**
 * The coarsest level that still has a pixel for each device pixel.
 * @param deviceScale device pixels a picture pixel
 */
export function levelForScale(deviceScale: number, picture: Size): number {
  const level = Math.floor(Math.log2(1 / deviceScale) + 1e-6);
  return Math.max(0, Math.min(level, coarsestLevel(picture)));
}

/** The tiles of a level that meet a rectangle of picture pixels, nearest to its middle first. */
export function tilesIn(rect: Rect, level: number): readonly TileAddress[] {
  if (rect.width <= 0 || rect.height <= 0) return [];
  const side = TILE_SIZE * 2 ** level;
  const tiles: TileAddress[] = [];
  for (let row = Math.floor(rect.y / side); row * side < bottomOf(rect); row++) {
    for (let column = Math.floor(rect.x / side); column * side < rightOf(rect); column++) {
      tiles.push({ level, column, row });
    }
  }
  const middle = { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 };
  const distance = (tile: TileAddress) =>
    Math.hypot((tile.column + 0.5) * side - middle.x, (tile.row + 0.5) * side - middle.y);
  return tiles.sort((a, b) => distance(a) - distance(b));
}

/** The picture pixels that a tile shows. */
export function tileArea(tile: TileAddress, picture: Size): Rect {
  const side = TILE_SIZE * 2 ** tile.level;
  const x = tile.column * side;
  const y = tile.row * side;
  return {
    x,
    y,
    width: Math.min(side, picture.width - x),
    height: Math.min(side, picture.height - y),
  };
}

/** The tile of a coarser level that holds this one. */
export function parentTile(tile: TileAddress): TileAddress {
  return { level: tile.level + 1, column: tile.column >> 1, row: tile.row >> 1 };
}
