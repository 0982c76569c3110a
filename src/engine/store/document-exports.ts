import { currentEntry, type DocumentState } from "../../core/document/history.js";
import type { ReplyOf, RequestOf } from "../../shared/api.js";
import { PROJECT_FORMAT } from "../../shared/documents.js";
import { metadataFor } from "../files/private-metadata.js";
import { EXPORT_FACTS, writePicture } from "../files/write-picture.js";
import { OPEN_RASTER_TYPE } from "../project/open-raster.js";
import { saveProject } from "../project/save-project.js";
import { recipeOf } from "../recipes.js";
import type { StoredEntry } from "./document-file.js";
import { stepsOf, type DocumentStore } from "./document-store.js";
import { exportName } from "./export-name.js";
import { plainBytes } from "./plain-bytes.js";

type Request = RequestOf<"exportDocument">;
type Made = ReplyOf<"exportDocument">;

/** A measured file is kept for the save that mostly follows, unless it is larger than this. */
const MOST_KEPT_BYTES = 256 * 1024 * 1024;

/** Documents as files. What was encoded to be measured is not encoded once more to be saved. */
export class DocumentExports {
  #measured: { readonly key: string; readonly made: Promise<Made> } | null = null;

  constructor(private readonly store: DocumentStore) {}

  /** @throws AppError DOCUMENT_UNKNOWN, TARGET_FORMAT_UNSUPPORTED */
  async make(request: Request): Promise<Made> {
    const key = await this.#keyOf(request);
    const measured = this.#measured;
    // A project also holds what was begun, and that goes on while its size is looked at.
    if (measured?.key !== key || request.format === PROJECT_FORMAT)
      return encode(this.store, request);
    this.#measured = null;
    return measured.made;
  }

  /** The file's size in bytes. @throws AppError as `make` */
  async measure(request: Request): Promise<{ bytes: number }> {
    const key = await this.#keyOf(request);
    const known = this.#measured?.key === key ? this.#measured : null;
    const measured = known ?? { key, made: encode(this.store, request) };
    this.#measured = measured;
    const forget = (): void => {
      if (this.#measured === measured) this.#measured = null;
    };
    measured.made.then(({ bytes }) => bytes.byteLength > MOST_KEPT_BYTES && forget(), forget);
    return { bytes: (await measured.made).bytes.byteLength };
  }

  /** Names what the file will hold: the shown revision and everything that is asked for. */
  async #keyOf(request: Request): Promise<string> {
    const { state } = await this.store.get(request.documentId);
    return JSON.stringify([request, currentEntry<StoredEntry>(state).revision]);
  }
}

/** The shown state as a file. */
async function encode(store: DocumentStore, request: Request) {
  const { documentId, format, quality, embedRecipe, metadata = "all" } = request;
  const file = await store.get(documentId);
  const state: DocumentState<StoredEntry> = file.state;
  const { revision } = currentEntry(state);
  if (format === PROJECT_FORMAT) {
    const bytes = plainBytes(await saveProject(store, file, metadata));
    return { name: exportName(file.name, format), mediaType: OPEN_RASTER_TYPE, bytes, revision };
  }
  const raster = await store.raster(documentId, revision);
  const shown = stepsOf(state.entries.slice(0, state.cursor + 1));
  const steps = [...(file.forgotten?.steps ?? []), ...shown];
  const bytes = await writePicture(raster, {
    format,
    quality,
    metadata: metadataFor(await store.metadata(file), metadata),
    recipe: embedRecipe ? recipeOf(steps, await store.source(file), raster) : null,
  });
  const { mediaType, extension } = EXPORT_FACTS[format];
  const name = exportName(file.name, extension);
  return { name, mediaType, bytes: plainBytes(bytes), revision };
}
