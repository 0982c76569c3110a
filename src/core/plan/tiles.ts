import { AppError } from "../errors.js";
import type { Rect } from "../rect.js";

/** What to tile. */
export interface TileQuery {
  /** Size of the input picture. */
  readonly width: number;
  readonly height: number;
  /** Side of the model's picture; a tile's output. */
  readonly imageSize: number;
  /** How much larger the result is: 2, 4, 8, ... */
  readonly factor: number;
  /** Least overlap of neighbouring tiles in input pixels, below half a tile. */
  readonly overlap: number;
}

/** Tiles along one axis, in input pixels. */
export interface AxisTiles {
  /** Input pixels along the axis. */
  readonly length: number;
  /** First input pixel of each tile, ascending; the last tile ends with the picture. */
  readonly starts: readonly number[];
  /**
   * Blend weight of each tile for each of its `tileSide` input pixels; over the tiles that cover a
   * pixel of the picture the weights sum to 1. They are constant within an input pixel's block of
   * the output on purpose: then a blend of tiles with the same block mean keeps that mean.
   */
  readonly weights: readonly Float32Array[];
}

/** A grid of full-size tiles; every tile is `tileSide` input pixels a side. */
export interface TilePlan {
  readonly tileSide: number;
  readonly factor: number;
  readonly columns: AxisTiles;
  readonly rows: AxisTiles;
}

/**
 * Plans overlapping tiles. Tiles are spread evenly, none hangs over the picture; along an axis where
 * the picture is shorter than a tile there is one tile at 0 that hangs over the end (read it with
 * `cropRaster` or `readModelImage`, which repeat the edge).
 * @throws AppError REQUEST_INVALID if the factor is no power of two >= 2, does not divide the model's
 * picture, or the overlap is negative or not below half a tile
 */
export function planTiles(_query: TileQuery): TilePlan {
  throw new AppError("INTERNAL", "not written yet");
}

/** The input pixels of one tile. */
export function tileRect(_plan: TilePlan, _column: number, _row: number): Rect {
  throw new AppError("INTERNAL", "not written yet");
}

/**
 * Input rows that are complete once the tile rows 0..row are blended and not before: no later tile
 * touches them. The ranges of all tile rows follow one another and cover the picture.
 */
export function finishedRows(
  _plan: TilePlan,
  _row: number,
): { readonly start: number; readonly end: number } {
  throw new AppError("INTERNAL", "not written yet");
}
