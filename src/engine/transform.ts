import { currentEntry } from "../core/document/history.js";
import { AppError } from "../core/errors.js";
import { cropRaster, type Raster } from "../core/raster.js";
import { describeRect, rectContains, rectOfSize } from "../core/rect.js";
import { turnRaster } from "../core/turn-raster.js";
import type { RequestOf } from "../shared/api.js";
import type { Transform } from "../shared/documents.js";
import type { DocumentFile, StoredEntry } from "./store/document-file.js";
import type { DocumentStore } from "./store/document-store.js";

/**
 * Crops or turns the shown picture as a new state: pixels move, none is computed.
 * @throws AppError REQUEST_INVALID for a crop that leaves the picture, or that is all of it
 */
export async function transformDocument(
  store: DocumentStore,
  { documentId, transform }: RequestOf<"transformDocument">,
): Promise<DocumentFile> {
  const { state } = await store.get(documentId);
  const { revision } = currentEntry<StoredEntry>(state);
  const raster = transformed(await store.raster(documentId, revision), transform);
  return store.append(documentId, {
    kind: "transform",
    label: transform.kind === "crop" ? "Crop" : "Turn",
    recipe: { request: { kind: "transform", transform: { ...transform } }, madeBy: null },
    change: { raster },
  });
}

function transformed(raster: Raster, transform: Transform): Raster {
  if (transform.kind === "turn") return turnRaster(raster, transform.turn);
  const { rect } = transform;
  const { width, height } = raster;
  const isPart = rect.width < width || rect.height < height;
  if (isPart && rectContains(rectOfSize(width, height), rect)) return cropRaster(raster, rect);
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a part of the ${width} x ${height} picture but got ${describeRect(rect)}; mask what should stay.`,
    { ...rect },
  );
}
