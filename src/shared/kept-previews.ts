import { rectsEqual } from "../core/rect.js";
import type { Events } from "./events.js";

/** What tells a job's previews apart. */
export type PreviewPlace = Pick<Events["job-preview"], "scale" | "variation" | "rect">;

/** Which variation a preview shows. */
export const variationOf = ({ variation }: PreviewPlace): number => variation ?? 0;

/** True for two previews of one scale, variation and region, of which the later replaces the earlier. */
export function isSamePlace(a: PreviewPlace, b: PreviewPlace): boolean {
  return a.scale === b.scale && variationOf(a) === variationOf(b) && rectsEqual(a.rect, b.rect);
}

/**
 * Previews in the order in which they came, with one more: a later one of a scale replaces the earlier
 * one. A job that draws region after region leaves the last picture of each region that is done.
 */
export function keepPreview<Preview extends PreviewPlace>(
  previews: readonly Preview[],
  preview: Preview,
): readonly Preview[] {
  const isOfVariation = (other: Preview) => variationOf(other) === variationOf(preview);
  const isLastOfRegion = (other: Preview) =>
    previews.findLast((later) => isOfVariation(later) && rectsEqual(later.rect, other.rect)) ===
    other;
  const kept = previews.filter((other) => {
    if (!isOfVariation(other)) return true;
    return rectsEqual(other.rect, preview.rect)
      ? other.scale !== preview.scale
      : isLastOfRegion(other);
  });
  return [...kept, preview];
}
