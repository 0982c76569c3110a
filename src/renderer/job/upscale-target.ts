import type { JobRequest, UpscaleJob } from "../../shared/jobs.js";
import type { InstalledModel } from "../../shared/models.js";
import type { Size } from "../view/geometry.js";
import { factorsWith, factorWith } from "./abilities.js";
import { isAllowedSize } from "./extend.js";
import { FACTORS, type Factor, type JobSettings } from "./settings.svelte.js";

/** The largest enlargement that one job makes. */
const MAX_FACTOR = 8;

/** What an upscale would make, and what is wrong with it, if anything. */
export interface UpscaleTarget {
  readonly size: Size;
  /** The next power of two, which the model enlarges by. */
  readonly factor: Factor;
  /** Each pixel of the picture is the mean of a block of the result: it is a whole number of times as large. */
  readonly hasBlocks: boolean;
  readonly problem: "tooLarge" | "tooSmall" | "noFactor" | null;
}

/** The size that an upscale with this model aims at. */
export function upscaleTarget(
  source: Size,
  settings: JobSettings,
  model: InstalledModel | null,
): UpscaleTarget {
  const wished = factorWith(settings, model);
  const size = settings.targetSize ?? {
    width: source.width * wished,
    height: source.height * wished,
  };
  const ratios = [size.width / source.width, size.height / source.height] as const;
  const most = Math.max(...ratios);
  const factor = FACTORS.find((candidate) => candidate >= most) ?? MAX_FACTOR;
  const isSmaller = Math.min(...ratios) < 1 || most <= 1;
  const isLarger = most > MAX_FACTOR || !isAllowedSize(size);
  const hasBlocks = ratios[0] === ratios[1] && Number.isInteger(ratios[0]);
  const isMissing = !factorsWith(settings, model).includes(factor);
  const problem = isSmaller ? "tooSmall" : isLarger ? "tooLarge" : isMissing ? "noFactor" : null;
  return { size, factor, hasBlocks, problem };
}

/** The size that a finished upscale of this picture has. */
export function upscaledSize(source: Size, request: JobRequest & { kind: "upscale" }): Size {
  return (
    request.size ?? {
      width: source.width * request.factor,
      height: source.height * request.factor,
    }
  );
}

/** A size with one side changed and, if the ratio is locked, the other in proportion. */
export function withSide(
  source: Size,
  size: Size,
  side: "width" | "height",
  value: number,
  isLocked: boolean,
): Size {
  const whole = Math.max(1, Math.round(Number.isFinite(value) ? value : 1));
  if (!isLocked) return { ...size, [side]: whole };
  const ratio = source.width / source.height;
  return side === "width"
    ? { width: whole, height: Math.max(1, Math.round(whole / ratio)) }
    : { width: Math.max(1, Math.round(whole * ratio)), height: whole };
}

/** What decides how long a pixel of an upscale takes: the same for requests of one pace. */
export function paceKind({ modelId, factor, speed = "best", creativity }: UpscaleJob): string {
  return [modelId, factor, creativity > 0 ? "drawn" : speed].join(" ");
}

/**
 * Seconds that an upscale takes, or null while no job has told how fast this machine is.
 * @param megapixelsPerSecond output megapixels a second
 */
export function estimateSeconds(
  size: Size,
  megapixelsPerSecond: number | undefined,
): number | null {
  if (megapixelsPerSecond === undefined || megapixelsPerSecond <= 0) return null;
  return (size.width * size.height) / 1e6 / megapixelsPerSecond;
}
