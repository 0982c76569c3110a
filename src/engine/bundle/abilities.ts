import type { BundleManifest, DrawingManifest } from "../../shared/bundle-manifest.js";
import type { EnlargeSpeed } from "../../shared/models.js";

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

/** The speeds that a bundle has networks of, each once. */
export function speedsOf({ enlarge = [] }: Pick<BundleManifest, "enlarge">): EnlargeSpeed[] {
  return [...new Set(enlarge.map(({ speed }) => speed))];
}
