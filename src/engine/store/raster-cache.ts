import type { Raster } from "../../core/raster.js";
import type { DocumentId } from "../../shared/ids.js";

/** Room for a few large pictures or many small ones. */
const DEFAULT_BUDGET_BYTES = 1024 * 1024 * 1024;

/** Pictures of recent revisions; the one used longest ago goes first, the newest always stays. */
export class RasterCache {
  private readonly rasters = new Map<string, Raster>();
  private bytes = 0;

  constructor(private readonly budgetBytes = DEFAULT_BUDGET_BYTES) {}

  get(documentId: DocumentId, revision: number): Raster | undefined {
    const key = keyOf(documentId, revision);
    const raster = this.rasters.get(key);
    if (raster === undefined) return undefined;
    // Maps keep their order of insertion: the last is the one used last.
    this.rasters.delete(key);
    this.rasters.set(key, raster);
    return raster;
  }

  put(documentId: DocumentId, revision: number, raster: Raster): void {
    this.remove(keyOf(documentId, revision));
    this.rasters.set(keyOf(documentId, revision), raster);
    this.bytes += raster.data.byteLength;
    for (const key of [...this.rasters.keys()]) {
      if (this.bytes <= this.budgetBytes || this.rasters.size === 1) break;
      this.remove(key);
    }
  }

  drop(documentId: DocumentId): void {
    for (const key of [...this.rasters.keys()]) {
      if (key.startsWith(`${documentId}/`)) this.remove(key);
    }
  }

  private remove(key: string): void {
    this.bytes -= this.rasters.get(key)?.data.byteLength ?? 0;
    this.rasters.delete(key);
  }
}

function keyOf(documentId: DocumentId, revision: number): string {
  return `${documentId}/${revision}`;
}
