import { InvalidArgumentError } from "commander";
import { MAX_SIDE_PX } from "../shared/limits.js";

/** Parses an option's whole number within a range, both ends included. */
export function integerBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

/** Parses an option's number within a range, both ends included. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
  };
}

/** Parses a size such as `3000x2000`, in pixels. */
export function sizeInPixels(text: string): { readonly width: number; readonly height: number } {
  const [, width = 0, height = 0] = (/^(\d{1,6})x(\d{1,6})$/i.exec(text) ?? []).map(Number);
  const isSide = (side: number) => side >= 1 && side <= MAX_SIDE_PX;
  if (isSide(width) && isSide(height)) return { width, height };
  throw new InvalidArgumentError(
    `Expected a size such as 3000x2000, with sides of 1 to ${MAX_SIDE_PX} pixels.`,
  );
}
