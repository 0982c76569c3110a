import { intersectRects, rectOfSize, rightOf, bottomOf, type Rect } from "../../core/rect.js";
import type { EditorApi } from "../../shared/api.js";
import { TILE_SIZE } from "../../shared/limits.js";
import type { RevisionView } from "../document/document-controller.svelte.js";

/** Pixels for the screen. */
export interface ScreenImage {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array<ArrayBuffer>;
}

/** A picture that lies on a part of the document; `rect` in document pixels, whole or not. */
export interface PlacedImage {
  readonly rect: Rect;
  readonly image: ScreenImage;
}

/**
 * A region as it looks when only cells of so many pixels are there, one picture a cell size. The
 * engine's tiles are exact means of power-of-two blocks, and so are the cells of a planned region.
 * @param cellSides document pixels along a side of a cell, coarse to fine
 */
export async function readRegionPictures(
  api: Pick<EditorApi, "readTile">,
  view: RevisionView,
  region: Rect,
  cellSides: readonly number[],
): Promise<readonly PlacedImage[]> {
  const inside = intersectRects(region, rectOfSize(view.size.width, view.size.height));
  // The coarsest level that still has a pixel for every cell of the finest picture.
  const level = Math.max(0, Math.floor(Math.log2(Math.min(...cellSides))));
  const shrink = 2 ** level;
  const source = await readReduced(api, view, inside, level);
  return cellSides.map((cell) => {
    const image = meansOfCells(source, Math.max(1, cell / shrink));
    const side = Math.max(cell, shrink);
    const rect = {
      x: inside.x,
      y: inside.y,
      width: image.width * side,
      height: image.height * side,
    };
    return { rect, image };
  });
}

/** The part of a level that a rectangle covers, put together from tiles. */
async function readReduced(
  api: Pick<EditorApi, "readTile">,
  { documentId, revision }: RevisionView,
  rect: Rect,
  level: number,
): Promise<ScreenImage> {
  const shrink = 2 ** level;
  const left = Math.floor(rect.x / shrink);
  const top = Math.floor(rect.y / shrink);
  const width = Math.max(1, Math.ceil(rightOf(rect) / shrink) - left);
  const height = Math.max(1, Math.ceil(bottomOf(rect) / shrink) - top);
  const rgba = new Uint8Array(width * height * 4);
  const addresses = tilesUnder({ x: left, y: top, width, height });
  await Promise.all(
    addresses.map(async ({ column, row }) => {
      const tile = await api.readTile({ documentId, revision, level, column, row });
      copyInto(rgba, width, height, tile, column * TILE_SIZE - left, row * TILE_SIZE - top);
    }),
  );
  return { width, height, rgba };
}

function tilesUnder(rect: Rect): readonly { readonly column: number; readonly row: number }[] {
  const addresses: { column: number; row: number }[] = [];
  for (let row = Math.floor(rect.y / TILE_SIZE); row * TILE_SIZE < bottomOf(rect); row++) {
    for (let column = Math.floor(rect.x / TILE_SIZE); column * TILE_SIZE < rightOf(rect); column++)
      addresses.push({ column, row });
  }
  return addresses;
}

/** Copies what of `tile`, put at (`atX`, `atY`), lies within the target. */
function copyInto(
  target: Uint8Array,
  width: number,
  height: number,
  tile: { readonly width: number; readonly height: number; readonly rgba: Uint8Array },
  atX: number,
  atY: number,
): void {
  const from = Math.max(0, -atX);
  const to = Math.min(tile.width, width - atX);
  for (let y = Math.max(0, -atY); y < Math.min(tile.height, height - atY); y++) {
    const line = tile.rgba.subarray((y * tile.width + from) * 4, (y * tile.width + to) * 4);
    target.set(line, ((y + atY) * width + atX + from) * 4);
  }
}

/**
 * Means of square cells; those at the right and lower border may hold fewer pixels.
 * @param cell source pixels along a side of a cell, at least 1; it need not be whole
 */
export function meansOfCells(source: ScreenImage, cell: number): ScreenImage {
  const width = Math.max(1, Math.ceil(source.width / cell - 1e-6));
  const height = Math.max(1, Math.ceil(source.height / cell - 1e-6));
  const rgba = new Uint8Array(width * height * 4);
  const sums = [0, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    const y0 = Math.min(Math.round(y * cell), source.height - 1);
    const y1 = Math.max(y0 + 1, Math.min(Math.round((y + 1) * cell), source.height));
    for (let x = 0; x < width; x++) {
      const x0 = Math.min(Math.round(x * cell), source.width - 1);
      const x1 = Math.max(x0 + 1, Math.min(Math.round((x + 1) * cell), source.width));
      sums.fill(0);
      for (let row = y0; row < y1; row++) {
        for (let at = (row * source.width + x0) * 4; at < (row * source.width + x1) * 4; at++)
          sums[at & 3] = (sums[at & 3] ?? 0) + (source.rgba[at] ?? 0);
      }
      const count = (y1 - y0) * (x1 - x0);
      for (const [channel, sum] of sums.entries())
        rgba[(y * width + x) * 4 + channel] = Math.round(sum / count);
    }
  }
  return { width, height, rgba };
}
