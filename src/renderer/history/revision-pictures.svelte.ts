import { SvelteMap } from "svelte/reactivity";
import type { EditorApi, ReplyOf } from "../../shared/api.js";
import type { DocumentId } from "../../shared/ids.js";

export type RevisionPicture = ReplyOf<"readRevisionThumbnail">;

/** Small pictures of the states of one document, read when they come into sight. */
export class RevisionPictures {
  readonly #pictures = new SvelteMap<string, RevisionPicture>();
  readonly #asked = new Set<string>();
  readonly #api: Pick<EditorApi, "readRevisionThumbnail">;
  readonly #side: number;

  /** @param side longest side in pixels */
  constructor(api: Pick<EditorApi, "readRevisionThumbnail">, side: number) {
    this.#api = api;
    this.#side = side;
  }

  get(documentId: DocumentId, revision: number): RevisionPicture | null {
    return this.#pictures.get(`${documentId}/${revision}`) ?? null;
  }

  /** Reads one unless that was tried already. A state without a picture is still a state. */
  async want(documentId: DocumentId, revision: number): Promise<void> {
    const key = `${documentId}/${revision}`;
    if (this.#asked.has(key)) return;
    this.#asked.add(key);
    try {
      const request = { documentId, revision, side: this.#side };
      this.#pictures.set(key, await this.#api.readRevisionThumbnail(request));
    } catch {
      this.#asked.delete(key);
    }
  }
}
