import { AppError } from "../errors.js";
import {
  bottomOf,
  describeRect,
  intersectRects,
  rectContains,
  rectOfSize,
  rightOf,
  type Rect,
} from "../rect.js";
import { maskAlphaIn, maskBounds, type Mask } from "./mask.js";

/**
 * A picture-sized mask that is being drawn: mutable, so that a brush costs the pixels it touches and
 * not the picture. Every drawing function returns the rectangle it may have changed (clipped to the
 * buffer, possibly empty), for redrawing and for undo.
 */
export interface Coverage {
  readonly width: number;
  readonly height: number;
  /** `width * height`, row-major, 0..255. */
  readonly alpha: Uint8Array;
}

/** "add" raises values towards 255, "erase" lowers them towards 0. */
export type PaintMode = "add" | "erase";

/** An empty mask for a picture of that size. */
export function createCoverage(width: number, height: number): Coverage {
  return { width, height, alpha: new Uint8Array(width * height) };
}

/** The rectangle of the whole buffer. */
export function coverageRect(coverage: Coverage): Rect {
  return rectOfSize(coverage.width, coverage.height);
}

/** Bounds of everything drawn, or null. */
export function coverageBounds(coverage: Coverage): Rect | null {
  return maskBounds({ rect: coverageRect(coverage), alpha: coverage.alpha });
}

/** A trimmed copy to send with a request, or null if nothing is drawn. */
export function coverageToMask(coverage: Coverage): Mask | null {
  const rect = coverageBounds(coverage);
  return rect && { rect, alpha: readCoverage(coverage, rect) };
}

/** Replaces what is drawn by a mask, a result's or a file's; values beyond the buffer are dropped. */
export function replaceCoverage(coverage: Coverage, mask: Mask): Rect {
  const whole = coverageRect(coverage);
  coverage.alpha.set(maskAlphaIn(mask, whole));
  return whole;
}

/**
 * Copy of the values under `rect`, for an undo entry.
 * @throws AppError REQUEST_INVALID if `rect` leaves the buffer
 */
export function readCoverage(coverage: Coverage, rect: Rect): Uint8Array {
  requireInside(coverage, rect);
  return maskAlphaIn({ rect: coverageRect(coverage), alpha: coverage.alpha }, rect);
}

/**
 * Puts values back that {@link readCoverage} took.
 * @throws AppError REQUEST_INVALID if `rect` leaves the buffer or `alpha` does not fill it
 */
export function writeCoverage(coverage: Coverage, rect: Rect, alpha: Uint8Array): Rect {
  requireInside(coverage, rect);
  if (alpha.length !== rect.width * rect.height) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected ${rect.width * rect.height} values for ${describeRect(rect)} but got ${alpha.length}.`,
    );
  }
  for (let y = 0; y < rect.height; y++) {
    const row = alpha.subarray(y * rect.width, (y + 1) * rect.width);
    coverage.alpha.set(row, (rect.y + y) * coverage.width + rect.x);
  }
  return rect;
}

/** Turns masked into free and back, everywhere. */
export function invertCoverage(coverage: Coverage): Rect {
  const { alpha } = coverage;
  for (let i = 0; i < alpha.length; i++) alpha[i] = 255 - (alpha[i] ?? 0);
  return coverageRect(coverage);
}

/** Empties the mask; returns what was covered. */
export function clearCoverage(coverage: Coverage): Rect {
  const covered = coverageBounds(coverage);
  coverage.alpha.fill(0);
  return covered ?? rectOfSize(0, 0);
}

/**
 * Paints the pixels of `rect` that lie in the buffer by a strength in 0..1 at each pixel's middle.
 * "add" takes the larger of old and new value, "erase" the smaller of old and what is left, so
 * painting twice is painting once and a stroke does not darken where it crosses itself.
 */
export function paintPixels(
  coverage: Coverage,
  rect: Rect,
  mode: PaintMode,
  strengthAt: (x: number, y: number) => number,
): Rect {
  const inside = intersectRects(rect, coverageRect(coverage));
  for (let y = inside.y; y < bottomOf(inside); y++) {
    for (let x = inside.x; x < rightOf(inside); x++) {
      const at = y * coverage.width + x;
      const old = coverage.alpha[at] ?? 0;
      const painted = Math.round(255 * strengthAt(x + 0.5, y + 0.5));
      coverage.alpha[at] = mode === "add" ? Math.max(old, painted) : Math.min(old, 255 - painted);
    }
  }
  return inside;
}

function requireInside(coverage: Coverage, rect: Rect): void {
  if (rectContains(coverageRect(coverage), rect)) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a rectangle inside the ${coverage.width} x ${coverage.height} mask but got ${describeRect(rect)}.`,
    { ...rect },
  );
}
