import { createHash } from "node:crypto";
import type { Raster } from "../../core/raster.js";
import type { ScreenPixels } from "../../core/screen-pixels.js";
import type { JobContext } from "../jobs/job-context.js";
import type { LoadedToEnlarge } from "../jobs/prompts.js";
import { canGoOn, upscaledFormat, upscaleInto } from "../jobs/run-upscale.js";
import type { DocumentStore } from "../store/document-store.js";
import type { RasterFile } from "../store/row-file.js";
import type { UpscaleRequest } from "./choose-method.js";
import { ScreenSink, teeSink } from "./row-sink.js";

/** An enlarged picture on disk, and the small one that a screen shows of it. */
export interface UpscaledRows {
  readonly file: RasterFile;
  readonly shown: ScreenPixels;
}

/**
 * Enlarges a picture into a file of the session. A process that dies leaves its finished rows there,
 * and the same job goes on after them in the next one.
 * @param owner names the picture within the session
 * @param shownSide longest side of the small picture
 */
export async function upscaleToFile(
  loaded: LoadedToEnlarge,
  { raster, owner }: { readonly raster: Raster; readonly owner: string },
  request: UpscaleRequest,
  store: DocumentStore,
  shownSide: number,
  context: JobContext,
): Promise<UpscaledRows> {
  const format = upscaledFormat(raster, request);
  const screen = new ScreenSink(format, shownSide);
  const rows = await store.createRows(format, keyOf(loaded, owner, request));
  try {
    // Whole blocks only, so that the next one starts with a row of the picture.
    const rowsOfBlock = canGoOn(raster, request) ? format.height / raster.height : null;
    const kept = await rows.keep(rowsOfBlock);
    for (let row = 0; row < kept; row++) await screen.write(await rows.read(row), 1);
    const start = rowsOfBlock === null ? 0 : kept / rowsOfBlock;
    if (start < raster.height) {
      await upscaleInto(loaded, raster, request, teeSink(screen, rows), context, start);
    }
    return { file: await rows.finish(), shown: screen.pixels };
  } catch (error) {
    await rows.discard();
    throw error;
  }
}

/** The same for the same pixels only: another device may round otherwise, or be the reason to begin again. */
function keyOf({ model }: LoadedToEnlarge, owner: string, request: UpscaleRequest): string {
  const all = JSON.stringify([owner, request, model.provider, model.bundle.sha256]);
  return createHash("sha256").update(all).digest("hex").slice(0, 32);
}
