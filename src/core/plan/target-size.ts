import { AppError } from "../errors.js";

/** Factors that a picture can be enlarged by in one job. */
export const UPSCALE_FACTORS = [2, 4, 8] as const;
export type UpscaleFactor = (typeof UPSCALE_FACTORS)[number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a picture gets to its new size. */
export interface TargetPlan {
  /** Enlarged by this power of two, exactly. */
  readonly factor: UpscaleFactor;
  /** The picture times the factor. */
  readonly enlarged: Size;
  /** What comes out: `enlarged`, or smaller in one or both directions. */
  readonly target: Size;
  /**
   * Side of the target's blocks that average to the picture's pixels exactly, where the target is a
   * whole number of times as large; null where areas are kept but no pixel has a block of its own.
   */
  readonly blockSide: number | null;
}

/**
 * Plans an enlargement to any size: by the smallest power of two that reaches it in both directions,
 * then reduced by exact areas. Where the size is the picture's times 2, 4 or 8 nothing is reduced.
 * @throws AppError REQUEST_INVALID if the size is not larger in any direction, or more than 8 times
 */
export function planTarget(source: Size, factor: UpscaleFactor, size?: Size): TargetPlan {
  if (size === undefined) return planOf(source, factor, scaled(source, factor));
  const ratio = Math.max(size.width / source.width, size.height / source.height);
  const needed = UPSCALE_FACTORS.find((candidate) => candidate >= ratio);
  if (ratio > 1 && needed !== undefined) return planOf(source, needed, size);
  const [widest, highest] = [source.width * 8, source.height * 8];
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a size larger than ${source.width} x ${source.height} and at most ${widest} x ${highest} but got ${size.width} x ${size.height}; choose one between.`,
    { ...size, sourceWidth: source.width, sourceHeight: source.height },
  );
}

/** True if the target is the enlarged picture itself, with nothing to reduce. */
export function isExact({ enlarged, target }: TargetPlan): boolean {
  return enlarged.width === target.width && enlarged.height === target.height;
}

function planOf(source: Size, factor: UpscaleFactor, target: Size): TargetPlan {
  const times = target.width / source.width;
  const isWhole = Number.isInteger(times) && target.height === source.height * times;
  return { factor, enlarged: scaled(source, factor), target, blockSide: isWhole ? times : null };
}

function scaled({ width, height }: Size, factor: number): Size {
  return { width: width * factor, height: height * factor };
}
