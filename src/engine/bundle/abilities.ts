import type { BundleManifest } from "../../shared/bundle-manifest.js";

/** True if the decoder was trained to predict scales that are missing; a raster has none. */
export function predictsDetails({ layout, trainedFor }: BundleManifest): boolean {
  return layout.levels > 0 && trainedFor.maskedSuffix;
}

/** True for a bundle that enlarges faithfully: by networks of its own, or by its decoder. */
export function canEnlarge(manifest: BundleManifest): boolean {
  return predictsDetails(manifest) || (manifest.enlarge ?? []).length > 0;
}
