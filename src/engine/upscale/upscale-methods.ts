import { currentEntry } from "../../core/document/history.js";
import { AppError } from "../../core/errors.js";
import { rectOfSize } from "../../core/rect.js";
import { toScreenPixels } from "../../core/screen-pixels.js";
import type { EngineApi, RequestOf } from "../../shared/api.js";
import type { Models } from "../models.js";
import type { StoredEntry } from "../store/document-file.js";
import type { DocumentStore } from "../store/document-store.js";
import { plainBytes } from "../store/plain-bytes.js";
import { previewUpscale } from "./preview-upscale.js";

/** Methods about upscaling that are no jobs. */
export function upscaleMethods(
  models: Models,
  store: DocumentStore,
): Pick<EngineApi, "previewUpscale"> {
  let latest = new AbortController();
  return {
    previewUpscale: (request) => {
      // Whoever asks again does not look at the older preview any more.
      latest.abort();
      latest = new AbortController();
      return preview(models, store, request, latest.signal);
    },
  };
}

async function preview(
  models: Models,
  store: DocumentStore,
  { request, rect }: RequestOf<"previewUpscale">,
  signal: AbortSignal,
) {
  try {
    const { state } = await store.get(request.documentId);
    const { revision } = currentEntry<StoredEntry>(state);
    const picture = await store.raster(request.documentId, revision);
    const context = { signal, onProgress: () => undefined, onPreview: () => undefined };
    const found = await models.useToEnlarge(request.modelId, context, (loaded) =>
      previewUpscale(loaded, picture, request, rect, context),
    );
    const { raster, seconds } = found;
    const { width, height, rgba } = toScreenPixels(
      raster,
      rectOfSize(raster.width, raster.height),
      1,
    );
    return { rect: found.rect, seconds, width, height, rgba: plainBytes(rgba) };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new AppError("JOB_CANCELLED", "A newer preview took the place of this one.");
  }
}
