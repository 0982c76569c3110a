import type { Tile } from "../../shared/documents.js";
import type { DocumentId } from "../../shared/ids.js";
import type { TileAddress } from "./tile-plan.js";

/** A state of a document whose tiles are wanted. */
export interface TileSource {
  readonly documentId: DocumentId;
  readonly revision: number;
}

/** What the cache needs from outside. `Bitmap` is an ImageBitmap in a browser. */
export interface TileCacheOptions<Bitmap> {
  readonly read: (request: TileSource & TileAddress) => Promise<Tile>;
  readonly decode: (tile: Tile) => Promise<Bitmap>;
  readonly release: (bitmap: Bitmap) => void;
  /** A tile arrived: draw again. */
  readonly onLoaded: () => void;
  readonly onError: (error: unknown) => void;
  /** Most tiles kept; one of 512 x 512 takes 1 MiB. */
  readonly capacity?: number;
}

type Entry<Bitmap> =
  | { readonly kind: "loading" }
  | { readonly kind: "ready"; readonly bitmap: Bitmap }
  | { readonly kind: "failed" };

const DEFAULT_CAPACITY = 192;
/** More requests at once would only queue up in the engine, ahead of what is wanted by then. */
const PARALLEL_READS = 4;

/**
 * Keeps the least old tiles. What is asked for with {@link want} replaces the queue, so that after a
 * fast pan only tiles that can still be seen are read.
 */
export class TileCache<Bitmap> {
  readonly #options: TileCacheOptions<Bitmap>;
  // A Map iterates in insertion order; a used entry is put at the end.
  readonly #entries = new Map<string, Entry<Bitmap>>();
  #queue: (TileSource & TileAddress)[] = [];
  #reading = 0;

  constructor(options: TileCacheOptions<Bitmap>) {
    this.#options = options;
  }

  /** The tile if it is there. */
  get(source: TileSource, tile: TileAddress): Bitmap | null {
    const key = keyOf({ ...source, ...tile });
    const entry = this.#entries.get(key);
    if (entry?.kind !== "ready") return null;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.bitmap;
  }

  /** Reads these tiles, first ones first, and forgets earlier wishes that have not begun. */
  want(wishes: readonly { readonly source: TileSource; readonly tiles: readonly TileAddress[] }[]) {
    this.#queue = wishes
      .flatMap(({ source, tiles }) =>
        tiles.map(({ level, column, row }) => ({
          documentId: source.documentId,
          revision: source.revision,
          level,
          column,
          row,
        })),
      )
      .filter((request) => !this.#entries.has(keyOf(request)));
    this.#pump();
  }

  /** Lets failed tiles be read again, for example after the engine was restarted. */
  retryFailed(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.kind === "failed") this.#entries.delete(key);
    }
  }

  /** Drops everything. */
  clear(): void {
    this.#queue = [];
    for (const entry of this.#entries.values()) this.#release(entry);
    this.#entries.clear();
  }

  #pump(): void {
    while (this.#reading < PARALLEL_READS) {
      const request = this.#queue.shift();
      if (request === undefined) return;
      void this.#load(request);
    }
  }

  async #load(request: TileSource & TileAddress): Promise<void> {
    const key = keyOf(request);
    if (this.#entries.has(key)) return;
    this.#reading++;
    const loading: Entry<Bitmap> = { kind: "loading" };
    this.#entries.set(key, loading);
    try {
      const bitmap = await this.#options.decode(await this.#options.read(request));
      if (this.#entries.get(key) === loading) {
        this.#entries.set(key, { kind: "ready", bitmap });
        this.#trim();
      } else {
        this.#options.release(bitmap);
      }
      this.#options.onLoaded();
    } catch (error) {
      if (this.#entries.get(key) === loading) {
        this.#entries.set(key, { kind: "failed" });
        this.#options.onError(error);
      }
    } finally {
      this.#reading--;
      this.#pump();
    }
  }

  #trim(): void {
    const isReady = (entry: Entry<Bitmap>) => entry.kind === "ready";
    let excess =
      [...this.#entries.values()].filter(isReady).length -
      (this.#options.capacity ?? DEFAULT_CAPACITY);
    for (const [key, entry] of this.#entries) {
      if (excess <= 0) return;
      if (!isReady(entry)) continue;
      this.#release(entry);
      this.#entries.delete(key);
      excess--;
    }
  }

  #release(entry: Entry<Bitmap>): void {
    if (entry.kind === "ready") this.#options.release(entry.bitmap);
  }
}

function keyOf(request: TileSource & TileAddress): string {
  const { documentId, revision, level, column, row } = request;
  return `${documentId}/${revision}/${level}/${column}/${row}`;
}
