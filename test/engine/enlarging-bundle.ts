import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  drawingManifestSchema,
  enlargingManifestSchema,
  type EnlargingManifest,
} from "../../src/shared/bundle-manifest.js";
import { debugModelId, debugModelsDir } from "./debug-bundle.js";

const debugFolder = join(debugModelsDir, debugModelId);

/** The manifest of a bundle that has the debug bundle's networks and nothing else. */
export async function enlargingManifest(id: string): Promise<EnlargingManifest> {
  const text = await readFile(join(debugFolder, "model.json"), "utf8");
  const { enlarge, training } = drawingManifestSchema.parse(JSON.parse(text));
  return enlargingManifestSchema.parse({
    format: "spectral-bundle",
    version: 1,
    kind: "enlarge",
    id,
    name: "Upscale, free",
    licence: "CC0 1.0",
    description: "Enlarges and draws nothing.",
    data: [{ name: "Free photos", licence: "CC0 1.0", photos: 12 }],
    training,
    metrics: [],
    enlarge,
  });
}

/**
 * Writes such a bundle into a folder of bundles.
 * @param change of its manifest; it need not be a valid one any more
 * @returns its own folder
 */
export async function writeEnlargingBundle(
  modelsDir: string,
  id: string,
  change: (manifest: EnlargingManifest) => object = (manifest) => manifest,
): Promise<string> {
  const folder = join(modelsDir, id);
  const manifest = await enlargingManifest(id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "model.json"), JSON.stringify(change(manifest)));
  for (const { file } of manifest.enlarge)
    await copyFile(join(debugFolder, file), join(folder, file));
  return folder;
}
