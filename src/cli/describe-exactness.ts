import type { UpscaledFile } from "../engine/index.js";
import type { ResultData } from "./reporter.js";

/** Whether an enlarged file averages back to its input, and if not why, in a few words. */
export function describeExactness(file: UpscaledFile): string {
  const { blockSide, enlargedBy, isLossless } = file;
  if (blockSide === null) return `not exact: enlarged by ${enlargedBy}, then reduced by areas`;
  if (!isLossless) return "not exact: the format loses detail";
  return `exact in blocks of ${blockSide} x ${blockSide}`;
}

/** The same for a script. */
export function exactnessOf({ blockSide, enlargedBy, isLossless }: UpscaledFile): ResultData {
  return { isExact: blockSide !== null && isLossless, blockSide, enlargedBy, isLossless };
}
