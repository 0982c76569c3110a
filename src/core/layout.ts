import { AppError } from "./errors.js";
import type { Rect } from "./rect.js";

/** The three numbers that define a layout; they come from a bundle's manifest. */
export interface LayoutSpec {
  /** Side of the model's square picture in pixels. */
  readonly imageSize: number;
  /** Tokens along one side of every scale. */
  readonly grid: number;
  /** Haar levels L; there are L + 1 scales. 0 is a raster: the picture itself, with nothing to freeze. */
  readonly levels: number;
}

/** One scale of the token sequence. */
export interface ScaleLayout {
  /** 0 is the approximation, 1..L the details from coarse to fine. */
  readonly scale: number;
  readonly kind: "approximation" | "details";
  /** Coefficients along one side of each band. */
  readonly resolution: number;
  /** Coefficients along one side of a token's patch. */
  readonly patch: number;
  /** 3 (RGB) for the approximation, 9 (H, V, D times RGB) for details. */
  readonly channels: 3 | 9;
  /** Index in the sequence of the scale's first token. */
  readonly firstToken: number;
}

/** The token sequence of a model: scales coarse to fine, raster order within a scale. */
export interface TokenLayout extends LayoutSpec {
  readonly scales: readonly ScaleLayout[];
  /** L + 1. */
  readonly scaleCount: number;
  /** grid * grid, the same for every scale. */
  readonly tokensPerScale: number;
  /** scaleCount * tokensPerScale. */
  readonly tokenCount: number;
  /** Side in model pixels of the picture's cell that a token covers, the same for every scale. */
  readonly cellSide: number;
}

/** Where a token sits: its scale and its cell of the grid. */
export interface TokenPosition {
  readonly scale: number;
  readonly row: number;
  readonly column: number;
}

/**
 * Derives the whole layout from its three numbers.
 * @throws AppError BUNDLE_UNSUPPORTED if a number is not a positive integer (levels: or 0), `2^levels` does not
 * divide the picture, or the grid does not divide the coarsest scale
 */
export function createTokenLayout(spec: LayoutSpec): TokenLayout {
  checkSpec(spec);
  const { imageSize, grid, levels } = spec;
  const tokensPerScale = grid * grid;
  const scaleCount = levels + 1;
  const scales = Array.from({ length: scaleCount }, (_, scale): ScaleLayout => {
    // The approximation and the coarsest details have the same resolution.
    const resolution = imageSize / 2 ** (levels - Math.max(0, scale - 1));
    return {
      scale,
      kind: scale === 0 ? "approximation" : "details",
      resolution,
      patch: resolution / grid,
      channels: scale === 0 ? 3 : 9,
      firstToken: scale * tokensPerScale,
    };
  });
  return {
    imageSize,
    grid,
    levels,
    scales,
    scaleCount,
    tokensPerScale,
    tokenCount: scaleCount * tokensPerScale,
    cellSide: imageSize / grid,
  };
}

/** Index in the sequence, 0..tokenCount-1. @throws AppError REQUEST_INVALID outside the layout */
export function tokenIndexAt(layout: TokenLayout, position: TokenPosition): number {
  const { scale, row, column } = position;
  requireWithin("a scale", scale, layout.scaleCount);
  requireWithin("a row", row, layout.grid);
  requireWithin("a column", column, layout.grid);
  return scale * layout.tokensPerScale + row * layout.grid + column;
}

/** Inverse of {@link tokenIndexAt}. @throws AppError REQUEST_INVALID outside the layout */
export function tokenPositionOf(layout: TokenLayout, tokenIndex: number): TokenPosition {
  requireWithin("a token index", tokenIndex, layout.tokenCount);
  const cell = tokenIndex % layout.tokensPerScale;
  return {
    scale: Math.floor(tokenIndex / layout.tokensPerScale),
    row: Math.floor(cell / layout.grid),
    column: cell % layout.grid,
  };
}

/** The model pixels that a token covers. @throws AppError REQUEST_INVALID outside the layout */
export function tokenRect(layout: TokenLayout, tokenIndex: number): Rect {
  const { row, column } = tokenPositionOf(layout, tokenIndex);
  const { cellSide } = layout;
  return { x: column * cellSide, y: row * cellSide, width: cellSide, height: cellSide };
}

/**
 * Tokens of the first `frozenScales` scales: they are the prefix 0..count-1.
 * @throws AppError REQUEST_INVALID outside 0..scaleCount
 */
export function frozenTokenCount(layout: TokenLayout, frozenScales: number): number {
  requireWithin("a number of frozen scales", frozenScales, layout.scaleCount + 1);
  return frozenScales * layout.tokensPerScale;
}

/**
 * Side in model pixels of the blocks whose means the first `frozenScales` scales determine:
 * `2^(L - (frozenScales - 1))`; null for 0 (nothing frozen); 1 when every scale is frozen.
 * @throws AppError REQUEST_INVALID outside 0..scaleCount
 */
export function frozenBlockSide(layout: TokenLayout, frozenScales: number): number | null {
  requireWithin("a number of frozen scales", frozenScales, layout.scaleCount + 1);
  return frozenScales === 0 ? null : 2 ** (layout.levels - (frozenScales - 1));
}

function checkSpec({ imageSize, grid, levels }: LayoutSpec): void {
  for (const [name, value] of Object.entries({ imageSize, grid, levels })) {
    if (Number.isSafeInteger(value) && value >= (name === "levels" ? 0 : 1)) continue;
    throw unsupported(`Expected the layout's ${name} to be a positive integer but got ${value}`);
  }
  const coarsest = imageSize / 2 ** levels;
  if (!Number.isInteger(coarsest)) {
    throw unsupported(
      `Expected imageSize to be a multiple of 2^${levels} = ${2 ** levels} but got ${imageSize}`,
    );
  }
  if (coarsest % grid !== 0) {
    throw unsupported(
      `Expected the grid to divide the coarsest scale of ${coarsest} x ${coarsest} but got ${grid}`,
    );
  }
}

function unsupported(problem: string): AppError {
  return new AppError("BUNDLE_UNSUPPORTED", `${problem}; use a bundle that training/ exported.`);
}

function requireWithin(what: string, value: number, limit: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value < limit) return;
  throw new AppError("REQUEST_INVALID", `Expected ${what} in 0..${limit - 1} but got ${value}.`, {
    value,
    limit,
  });
}
