import { totalmem } from "node:os";
import { AppError } from "../../core/errors.js";
import type { BundleManifest } from "../../shared/bundle-manifest.js";
import { graphFilesOf } from "./bundle.js";

/**
 * Memory that a session takes for each byte of its file, by precision: what is stored in 16 bits is
 * computed in 32, and the file's bytes lie beside the weights while they are read. Measured with the
 * shipped model: 3.1 and 3.7 for its fp16 graphs, 2.0 for its int8 graph.
 */
const MEMORY_OF_BYTE: Readonly<Record<string, number>> = { fp16: 3.7, fp32: 2.2, int8: 2.2 };
const DEFAULT_MEMORY_OF_BYTE = 3.7;

/** Values that a graph holds at a time for each pixel of the model's picture. */
const VALUES_A_PIXEL = 1024;
const FLOAT_BYTES = 4;
/** The prompt and what it is told apart from, each as the shared prefix and as one that grows. */
const CACHES = 4;

/** Memory of the first tile of a network, which later ones follow (src/engine/upscale/tile-sizer.ts). */
const TILE_BYTES = 96 ** 2 * 8_192;

/** Share of the machine's memory that a model may ask for: something else runs there as well. */
const USABLE_SHARE = 0.9;

/** Memory in bytes that a bundle needs when all of it is loaded; an estimate from its manifest. */
export function estimateMemory(manifest: BundleManifest): number {
  const weights = graphFilesOf(manifest)
    .map(({ bytes, precision }) => bytes * (MEMORY_OF_BYTE[precision] ?? DEFAULT_MEMORY_OF_BYTE))
    .reduce((sum, bytes) => sum + bytes, 0);
  if (manifest.kind === "enlarge") return Math.round(weights + TILE_BYTES);
  const { layout, ar } = manifest;
  const activations = layout.imageSize ** 2 * VALUES_A_PIXEL * FLOAT_BYTES;
  const positions = ar.textPositions + (layout.levels + 1) * layout.grid ** 2;
  const cache = 2 * ar.layers * ar.heads * positions * ar.headDim * FLOAT_BYTES;
  // On a processor these are loaded instead of the graph `ar`; elsewhere they are left alone.
  const decoder = DEFAULT_MEMORY_OF_BYTE * (manifest.arWeights?.bytes ?? 0);
  return Math.round(weights + decoder + activations + CACHES * cache);
}

/** Memory in bytes that this process may have at all, limits of a container included. */
export function machineMemory(): number {
  // 0 or something huge where no limit is set.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * Refuses a model that cannot fit before a byte of it is loaded.
 * @param usedBytes what models take that are at work meanwhile
 * @throws AppError OUT_OF_MEMORY
 */
export function requireFitting(
  manifest: BundleManifest,
  available = machineMemory(),
  usedBytes = 0,
): void {
  if (missingMemory(manifest, available, usedBytes) === 0) return;
  const needed = estimateMemory(manifest);
  const [beside, advice] =
    missingMemory(manifest, available, 0) > 0
      ? ["", "use a smaller model or another machine"]
      : [
          ` beside models at work that take about ${megabytes(usedBytes)} MB`,
          "wait until they are done, or use a smaller model",
        ];
  throw new AppError(
    "OUT_OF_MEMORY",
    `Expected the model ${manifest.id} to fit into this machine's memory of ${megabytes(available)} MB${beside} but it needs about ${megabytes(needed)} MB; ${advice}.`,
    { modelId: manifest.id, neededBytes: needed, availableBytes: available, usedBytes },
  );
}

/** Bytes that have to be freed before a model may be loaded beside others that take so many. */
export function missingMemory(
  manifest: BundleManifest,
  available: number,
  loadedBytes: number,
): number {
  return Math.max(0, estimateMemory(manifest) + loadedBytes - available * USABLE_SHARE);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}
