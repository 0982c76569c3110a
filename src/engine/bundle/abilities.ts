import { UPSCALE_FACTORS } from "../../core/plan/target-size.js";
import type { BundleManifest, DrawingManifest } from "../../shared/bundle-manifest.js";
import { UPSCALE_SPEEDS, type UpscaleSpeed } from "../../shared/models.js";

/** True if the decoder was trained to predict scales that are missing; a raster has none. */
export function predictsDetails({ layout, trainedFor }: DrawingManifest): boolean {
  return layout.levels > 0 && trainedFor.maskedSuffix;
}

/** True for a bundle that enlarges faithfully: by networks of its own, or by its decoder. */
export function canEnlarge(manifest: DrawingManifest): boolean {
  return predictsDetails(manifest) || (manifest.enlarge ?? []).length > 0;
}

/** How many times larger a bundle's networks make a picture, each once, ascending. */
export function factorsOf({ enlarge = [] }: Pick<BundleManifest, "enlarge">): number[] {
  return [...new Set(enlarge.map(({ factor }) => factor))].sort((a, b) => a - b);
}

/**
 * How many times larger a bundle that draws makes a picture faithfully, ascending: by its networks,
 * and by its decoder as far as its scales reach.
 */
export function faithfulFactorsOf(manifest: DrawingManifest): number[] {
  const { levels } = manifest.layout;
  const decoded = predictsDetails(manifest)
    ? UPSCALE_FACTORS.filter((factor) => factor <= 2 ** levels)
    : [];
  return [...new Set([...factorsOf(manifest), ...decoded])].sort((a, b) => a - b);
}

/** What an upscale by a bundle's networks may choose between; many views are worth it for the large ones. */
export function speedsOf({ enlarge = [] }: Pick<BundleManifest, "enlarge">): UpscaleSpeed[] {
  const speeds = new Set(enlarge.map(({ speed }) => speed));
  if (speeds.has("best")) speeds.add("finest");
  return UPSCALE_SPEEDS.filter((speed) => speeds.has(speed));
}
