/** One line of a ruler; places and lengths in CSS pixels. */
export interface RulerMark {
  readonly at: number;
  readonly size: number;
  /** The picture pixel, at the long lines. */
  readonly label: string | null;
}

/** Least distance between two figures. */
const LABEL_EVERY_PX = 64;
const SIZES = { long: 14, middle: 7, short: 4 } as const;

/**
 * The lines of a ruler in steps of 1, 2 or 5 times a power of ten picture pixels.
 * @param origin where picture pixel 0 lies
 * @param scale CSS pixels a picture pixel
 * @param length of the ruler
 */
export function rulerMarks(origin: number, scale: number, length: number): readonly RulerMark[] {
  const step = labelStep(LABEL_EVERY_PX / scale);
  // Ten lines a figure, but never between two picture pixels.
  const fine = Math.max(1, step / 10);
  const marks: RulerMark[] = [];
  const first = Math.ceil(-origin / scale / fine);
  const last = Math.floor((length - origin) / scale / fine);
  for (let index = first; index <= last; index++) {
    const pixel = index * fine;
    const isLong = isMultiple(pixel, step);
    const size = isLong ? SIZES.long : isMultiple(pixel, step / 2) ? SIZES.middle : SIZES.short;
    marks.push({ at: origin + pixel * scale, size, label: isLong ? String(pixel) : null });
  }
  return marks;
}

function labelStep(least: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(least)));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= least) ?? 10;
  return factor * power;
}

function isMultiple(value: number, step: number): boolean {
  return Number.isSafeInteger(value / step);
}
