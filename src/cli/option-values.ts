import { InvalidArgumentError } from "commander";
import { MAX_SIDE_PX, MAX_VARIATIONS } from "../shared/limits.js";

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

/** A value for all scales if there is one, else one for each from the coarsest; null: the default. */
export type ByScale = readonly (number | null)[];

/** Parses numbers within a range, both ends included: one, or one a scale such as `1,0.9,,0.8`. */
export function numbersByScale(least: number, most: number): (text: string) => ByScale {
  return byScale(numberBetween(least, most), `a number from ${least} to ${most}`);
}

/** {@link numbersByScale} for whole numbers. */
export function integersByScale(least: number, most: number): (text: string) => ByScale {
  return byScale(integerBetween(least, most), `a whole number from ${least} to ${most}`);
}

function byScale(parse: (text: string) => number, what: string): (text: string) => ByScale {
  return (text) => {
    const items = text.split(",").map((item) => item.trim());
    try {
      return items.map((item) => (item === "" && items.length > 1 ? null : parse(item)));
    } catch {
      throw new InvalidArgumentError(
        `Expected ${what}, or one for each scale with commas between.`,
      );
    }
  };
}

/** A drawing that another one takes its layout from. */
export interface DrawnLayout {
  readonly seed: number;
  /** Counted from 0. */
  readonly variation: number;
}

/** Parses a seed, or a seed and the number of a variation (from 1) such as `7/3`. */
export function drawnLayout(text: string): DrawnLayout {
  const [seed = "", variation = "1", ...rest] = text.split("/");
  if (rest.length === 0) {
    return {
      seed: integerBetween(0, 0xffff_ffff)(seed),
      variation: integerBetween(1, MAX_VARIATIONS)(variation) - 1,
    };
  }
  throw new InvalidArgumentError("Expected a seed, or a seed and a variation such as 7/3.");
}
