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
  /** Tiles then start at multiples of that many input pixels, and the last ones may hang over. */
  readonly alignment?: number | undefined;
}

/** Tiles along one axis, in input pixels. */
export interface AxisTiles {
  /** Input pixels along the axis. */
  readonly length: number;
  /** First input pixel of each tile, ascending; the last tile ends with the picture or after it. */
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
 * `cropRaster` or `readModelImage`, which repeat the edge). With an alignment, tiles lie as far apart
 * as it allows instead, and the last one of an axis may hang over the end.
 * @throws AppError REQUEST_INVALID if the factor is no power of two >= 2, does not divide the model's
 * picture, or the overlap is negative or not below half a tile
 */
export function planTiles(query: TileQuery): TilePlan {
  const { width, height, factor, overlap, alignment } = query;
  const tileSide = requireTileSide(query);
  return {
    tileSide,
    factor,
    columns: tileAxis(width, tileSide, overlap, alignment),
    rows: tileAxis(height, tileSide, overlap, alignment),
  };
}

/** The input pixels of one tile. */
export function tileRect(plan: TilePlan, column: number, row: number): Rect {
  const x = plan.columns.starts[column];
  const y = plan.rows.starts[row];
  if (x === undefined || y === undefined) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a tile of ${plan.columns.starts.length} columns and ${plan.rows.starts.length} rows but got column ${column}, row ${row}.`,
    );
  }
  return { x, y, width: plan.tileSide, height: plan.tileSide };
}

/**
 * Input rows that are complete once the tile rows 0..row are blended and not before: no later tile
 * touches them. The ranges of all tile rows follow one another and cover the picture.
 */
export function finishedRows(
  plan: TilePlan,
  row: number,
): { readonly start: number; readonly end: number } {
  const { starts, length } = plan.rows;
  return { start: row === 0 ? 0 : (starts[row] ?? length), end: starts[row + 1] ?? length };
}

function requireTileSide(query: TileQuery): number {
  const { width, height, imageSize, factor, overlap, alignment = 1 } = query;
  const tileSide = imageSize / factor;
  const isFactor = Number.isSafeInteger(Math.log2(factor)) && factor >= 2;
  const isOverlap = Number.isSafeInteger(overlap) && overlap >= 0 && overlap * 2 < tileSide;
  const isSize = [width, height].every((side) => Number.isSafeInteger(side) && side >= 1);
  const isAligned = Number.isSafeInteger(alignment) && alignment >= 1 && alignment <= tileSide / 2;
  if (isFactor && isOverlap && isSize && isAligned && Number.isSafeInteger(tileSide)) {
    return tileSide;
  }
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a factor of 2, 4, 8, ... that divides the model's ${imageSize} pixels, and an overlap below half a tile, but got factor ${factor}, overlap ${overlap} for ${width} x ${height}.`,
    { width, height, imageSize, factor, overlap },
  );
}

function tileAxis(
  length: number,
  tileSide: number,
  overlap: number,
  alignment: number | undefined,
): AxisTiles {
  const room = Math.max(0, length - tileSide);
  if (alignment !== undefined) {
    const step = Math.floor((tileSide - overlap) / alignment) * alignment;
    const starts = Array.from({ length: Math.ceil(room / step) + 1 }, (_, i) => i * step);
    return { length, starts, weights: blendWeights(starts, length, tileSide, tileSide - step) };
  }
  const count = Math.ceil(room / (tileSide - overlap)) + 1;
  const starts = Array.from({ length: count }, (_, i) =>
    count === 1 ? 0 : Math.round((i * room) / (count - 1)),
  );
  return { length, starts, weights: blendWeights(starts, length, tileSide, overlap) };
}

/** Every tile's window, divided by the sum of all windows at that pixel. */
function blendWeights(
  starts: readonly number[],
  length: number,
  tileSide: number,
  overlap: number,
): Float32Array[] {
  const windows = starts.map((_, i) =>
    tileWindow(tileSide, i === 0 ? 0 : overlap, i === starts.length - 1 ? 0 : overlap),
  );
  const totals = new Float64Array(Math.max(length, (starts.at(-1) ?? 0) + tileSide));
  windows.forEach((window, i) => {
    window.forEach((value, p) => {
      const at = (starts[i] ?? 0) + p;
      totals[at] = (totals[at] ?? 0) + value;
    });
  });
  return windows.map((window, i) =>
    Float32Array.from(window, (value, p) => value / (totals[(starts[i] ?? 0) + p] ?? 1)),
  );
}

/** 1 in the middle, falling along a raised cosine over the overlap at each side that has a neighbour; > 0 everywhere. */
function tileWindow(tileSide: number, fadeIn: number, fadeOut: number): Float64Array {
  const ramp = (distance: number, fade: number) =>
    distance >= fade ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * (distance + 0.5)) / fade);
  return Float64Array.from(
    { length: tileSide },
    (_, p) => ramp(p, fadeIn) * ramp(tileSide - 1 - p, fadeOut),
  );
}
