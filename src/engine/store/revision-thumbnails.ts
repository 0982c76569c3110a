import type { DocumentId } from "../../shared/ids.js";
import { ByteCache } from "./byte-cache.js";
import type { DocumentStore } from "./document-store.js";
import { renderThumbnail, type Thumbnail } from "./revision-thumbnail.js";

const CACHE_BYTES = 16 * 1024 * 1024;

/** Small pictures of revisions; a revision never changes, so they are made once. */
export class RevisionThumbnails {
  readonly #known = new ByteCache<Thumbnail>(CACHE_BYTES);
  /** One at a time: each may need a whole picture in memory. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly store: DocumentStore) {}

  /** @throws AppError DOCUMENT_UNKNOWN, REVISION_UNKNOWN */
  async read(documentId: DocumentId, revision: number, side: number): Promise<Thumbnail> {
    const key = `${documentId}/${revision}/${side}`;
    const known = this.#known.get(key);
    if (known) return known;
    const made = this.#last.then(async () => {
      const raster = await this.store.peek(documentId, revision);
      return renderThumbnail(raster, side);
    });
    this.#last = made.catch(() => undefined);
    const thumbnail = await made;
    this.#known.set(key, thumbnail, thumbnail.rgba.byteLength);
    return thumbnail;
  }
}
