import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, toErrorData, type AppErrorData } from "../../core/errors.js";
import type { InstalledModel } from "../../shared/models.js";
import { openBundle, type Bundle, type DrawingBundle } from "./bundle.js";
import { canEnlarge, factorsOf, faithfulFactorsOf, speedsOf } from "./abilities.js";
import { estimateMemory } from "./memory.js";

/** A bundle and the folder of bundles that it was found in. */
export type ListedBundle = Bundle & { readonly source: string };

/** Usable bundles, and why the others are not. */
export interface BundleList {
  readonly bundles: readonly ListedBundle[];
  readonly problems: readonly AppErrorData[];
}

/** Looks through folders of bundles; whatever is wrong with one does not hide the others. */
export async function listBundles(sources: readonly string[]): Promise<BundleList> {
  const bundles: ListedBundle[] = [];
  const problems: AppErrorData[] = [];
  for (const source of sources) {
    for (const folder of await foldersIn(source)) {
      try {
        const bundle = await openBundle(join(source, folder));
        const twin = bundles.find(({ manifest }) => manifest.id === bundle.manifest.id);
        if (twin) throw duplicate(bundle, twin);
        bundles.push({ ...bundle, source });
      } catch (error) {
        problems.push(toErrorData(error));
      }
    }
  }
  if (bundles.length === 0 && problems.length === 0) {
    problems.push(toErrorData(none(sources.join(", "))));
  }
  return { bundles, problems };
}

/** What hosts and screens see of a bundle. */
export function summariseBundle(bundle: Bundle, isShipped: boolean): InstalledModel {
  const { manifest, sha256 } = bundle;
  const { id, name, licence, data } = manifest;
  const memoryBytes = estimateMemory(manifest);
  const speeds = speedsOf(manifest);
  const about = { modelId: id, name, licence, data, isShipped, sha256, memoryBytes, speeds };
  return bundle.layout === null
    ? { ...about, kind: "enlarge", factors: factorsOf(bundle.manifest) }
    : { ...about, ...summariseDrawing(bundle) };
}

function summariseDrawing({ manifest, layout }: DrawingBundle) {
  const { sampling, ar, text } = manifest;
  return {
    layout: {
      imageSize: layout.imageSize,
      grid: layout.grid,
      levels: layout.levels,
      scales: layout.scaleCount,
      tokensPerScale: layout.tokensPerScale,
      scaleResolutions: layout.scales.map(({ resolution }) => resolution),
      patches: layout.scales.map(({ patch }) => patch),
    },
    sampling,
    hasText: ar.textPositions > 0,
    ...("classes" in text && { classes: text.classes }),
    canEnlarge: canEnlarge(manifest),
    factors: faithfulFactorsOf(manifest),
  };
}

async function foldersIn(modelsDir: string): Promise<string[]> {
  try {
    const entries = await readdir(modelsDir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

function none(modelsDir: string): AppError {
  return new AppError(
    "BUNDLE_MISSING",
    `Expected at least one model in ${modelsDir} but found none; install one there.`,
    { modelsDir },
  );
}

function duplicate(bundle: Bundle, twin: Bundle): AppError {
  return new AppError(
    "BUNDLE_UNSUPPORTED",
    `Expected one model with the id ${bundle.manifest.id} but both ${twin.folder} and ${bundle.folder} have it; remove one.`,
    { modelId: bundle.manifest.id },
  );
}
