import { AppError } from "./errors.js";
import type { Rect } from "./rect.js";

/** The three numbers that define a layout; they come from a bundle's manifest. */
export interface LayoutSpec {
  /** Side of the model's square picture in pixels. */
  readonly imageSize: number;
  /** Tokens along one side of every scale. */
  readonly grid: number;
  /** Haar levels L; there are L + 1 scales. */
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
 * @throws AppError BUNDLE_UNSUPPORTED if a number is not a positive integer, `2^levels` does not
 * divide the picture, or the grid does not divide the coarsest scale
 */
export function createTokenLayout(_spec: LayoutSpec): TokenLayout {
  throw new AppError("INTERNAL", "not written yet");
}

/** Index in the sequence, 0..tokenCount-1. @throws AppError REQUEST_INVALID outside the layout */
export function tokenIndexAt(_layout: TokenLayout, _position: TokenPosition): number {
  throw new AppError("INTERNAL", "not written yet");
}

/** Inverse of {@link tokenIndexAt}. @throws AppError REQUEST_INVALID outside the layout */
export function tokenPositionOf(_layout: TokenLayout, _tokenIndex: number): TokenPosition {
  throw new AppError("INTERNAL", "not written yet");
}

/** The model pixels that a token covers. */
export function tokenRect(_layout: TokenLayout, _tokenIndex: number): Rect {
  throw new AppError("INTERNAL", "not written yet");
}

/** Tokens of the first `frozenScales` scales: they are the prefix 0..count-1. */
export function frozenTokenCount(_layout: TokenLayout, _frozenScales: number): number {
  throw new AppError("INTERNAL", "not written yet");
}

/**
 * Side in model pixels of the blocks whose means the first `frozenScales` scales determine:
 * `2^(L - (frozenScales - 1))`; null for 0 (nothing frozen); 1 when every scale is frozen.
 * @throws AppError REQUEST_INVALID outside 0..scaleCount
 */
export function frozenBlockSide(_layout: TokenLayout, _frozenScales: number): number | null {
  throw new AppError("INTERNAL", "not written yet");
}
