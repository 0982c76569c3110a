import { describe, expect, it, vi } from "vitest";
import type { Tile } from "../../shared/documents.js";
import { documentIdSchema } from "../../shared/ids.js";
import { TileCache } from "./tile-cache.js";
import type { TileAddress } from "./tile-plan.js";

const source = { documentId: documentIdSchema.parse("d1"), revision: 3 };
const at = (column: number, row = 0): TileAddress => ({ level: 0, column, row });
const tick = () => new Promise((resolve) => setTimeout(resolve));

function setUp(capacity = 8) {
  const pending: { column: number; resolve: (tile: Tile) => void; reject: (e: Error) => void }[] =
    [];
  const released: number[] = [];
  const onError = vi.fn();
  const onLoaded = vi.fn();
  const cache = new TileCache<number>({
    capacity,
    read: ({ column }) =>
      new Promise((resolve, reject) => pending.push({ column, resolve, reject })),
    decode: async (tile) => tile.width,
    release: (bitmap) => released.push(bitmap),
    onError,
    onLoaded,
  });
  const answer = async (column: number) => {
    const index = pending.findIndex((entry) => entry.column === column);
    pending
      .splice(index, 1)[0]!
      .resolve({ width: column + 1, height: 1, rgba: new Uint8Array((column + 1) * 4) });
    await tick();
  };
  return { cache, pending, released, onError, onLoaded, answer };
}

describe("tile cache", () => {
  it("reads at most four tiles at once and each tile once", async () => {
    const { cache, pending, answer } = setUp();
    const tiles = [0, 1, 2, 3, 4, 5].map((column) => at(column));
    cache.want([{ source, tiles }]);
    cache.want([{ source, tiles }]);
    expect(pending.map(({ column }) => column)).toEqual([0, 1, 2, 3]);
    await answer(1);
    expect(pending.map(({ column }) => column)).toEqual([0, 2, 3, 4]);
    expect(cache.get(source, at(1))).toBe(2);
    expect(cache.get(source, at(0))).toBeNull();
  });

  it("forgets wishes that are out of sight before they began", async () => {
    const { cache, pending, answer } = setUp();
    cache.want([{ source, tiles: [0, 1, 2, 3, 4, 5].map((column) => at(column)) }]);
    cache.want([{ source, tiles: [at(9)] }]);
    await answer(0);
    expect(pending.map(({ column }) => column)).toEqual([1, 2, 3, 9]);
  });

  it("drops the tile that was used longest ago, and frees it", async () => {
    const { cache, answer, released } = setUp(2);
    cache.want([{ source, tiles: [at(0), at(1), at(2)] }]);
    await answer(0);
    await answer(1);
    cache.get(source, at(0));
    await answer(2);
    expect(released).toEqual([2]);
    expect(cache.get(source, at(0))).toBe(1);
  });

  it("reports a failed tile once and reads it again only when told", async () => {
    const { cache, pending, onError } = setUp();
    cache.want([{ source, tiles: [at(0)] }]);
    pending.shift()!.reject(new Error("gone"));
    await tick();
    cache.want([{ source, tiles: [at(0)] }]);
    expect(onError).toHaveBeenCalledOnce();
    expect(pending).toHaveLength(0);
    cache.retryFailed();
    cache.want([{ source, tiles: [at(0)] }]);
    expect(pending).toHaveLength(1);
  });

  it("does not bring back a tile that arrives after everything was dropped", async () => {
    const { cache, answer, released } = setUp();
    cache.want([{ source, tiles: [at(0)] }]);
    cache.clear();
    await answer(0);
    expect(cache.get(source, at(0))).toBeNull();
    expect(released).toEqual([1]);
  });
});
