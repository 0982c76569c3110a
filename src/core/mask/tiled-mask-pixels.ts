import { AppError } from "../errors.js";
import {
  bottomOf,
  describeRect,
  intersectRects,
  isEmptyRect,
  rectFromEdges,
  rightOf,
  type Rect,
} from "../rect.js";
import type { Mask } from "./mask.js";
import { MASK_TILE, partOfTile, TiledMask, tiledMaskBounds } from "./tiled-mask.js";

/** What lies around the picture when pixels beyond its border are asked for. */
export type Surroundings = "nothing" | "border";

/**
 * The values under a rectangle, `rect.width * rect.height`, row-major. Beyond the picture they are 0,
 * or with `border` those of the nearest pixel.
 */
export function readTiledMask(
  mask: TiledMask,
  rect: Rect,
  around: Surroundings = "nothing",
): Uint8Array {
  const values = new Uint8Array(rect.width * rect.height);
  for (const index of mask.tilesIn(rect)) {
    const tile = mask.tile(index);
    if (tile === 0) continue;
    const { part, start } = partOfTile(mask, index, rect);
    for (let y = 0; y < part.height; y++) {
      const to = (part.y - rect.y + y) * rect.width + part.x - rect.x;
      const from = start + y * MASK_TILE;
      if (typeof tile === "number") values.fill(tile, to, to + part.width);
      else values.set(tile.subarray(from, from + part.width), to);
    }
  }
  if (around === "border") repeatBorder(values, rect, intersectRects(rect, mask.rect));
  return values;
}

function repeatBorder(values: Uint8Array, rect: Rect, inside: Rect): void {
  if (isEmptyRect(inside)) return;
  const left = inside.x - rect.x;
  const right = rightOf(inside) - rect.x;
  const top = inside.y - rect.y;
  const bottom = bottomOf(inside) - rect.y;
  for (let y = top; y < bottom; y++) {
    const row = values.subarray(y * rect.width, (y + 1) * rect.width);
    row.fill(row[left] ?? 0, 0, left);
    row.fill(row[right - 1] ?? 0, right);
  }
  const width = rect.width;
  for (let y = 0; y < top; y++) values.copyWithin(y * width, top * width, (top + 1) * width);
  for (let y = bottom; y < rect.height; y++) {
    values.copyWithin(y * width, (bottom - 1) * width, bottom * width);
  }
}

/** A trimmed copy to send with a request, or null if nothing is masked. */
export function toMask(mask: TiledMask): Mask | null {
  const rect = tiledMaskBounds(mask);
  return rect && { rect, alpha: readTiledMask(mask, rect) };
}

/**
 * Writes values into a mask; what lies beyond the picture is dropped.
 * @throws AppError MASK_INVALID if the values do not fill the rectangle
 */
export function writeTiledMask(mask: TiledMask, { rect, alpha }: Mask): void {
  if (alpha.length !== rect.width * rect.height) {
    throw new AppError(
      "MASK_INVALID",
      `Expected ${rect.width * rect.height} values for ${describeRect(rect)} but got ${alpha.length}.`,
    );
  }
  for (const index of mask.tilesIn(rect)) {
    const { part, start } = partOfTile(mask, index, rect);
    const values = mask.writable(index);
    for (let y = 0; y < part.height; y++) {
      const from = (part.y - rect.y + y) * rect.width + part.x - rect.x;
      values.set(alpha.subarray(from, from + part.width), start + y * MASK_TILE);
    }
  }
}

/** The same mask for a picture of another size, each pixel the nearest one. */
export function resizeTiledMask(mask: TiledMask, width: number, height: number): TiledMask {
  const resized = new TiledMask(width, height);
  const columns = Int32Array.from({ length: width }, (_, x) =>
    Math.floor(((x + 0.5) * mask.width) / width),
  );
  const rowOf = (y: number) => Math.floor(((y + 0.5) * mask.height) / height);
  for (let index = 0; index < resized.tileCount; index++) {
    const { x, y, width: across, height: down } = resized.tileRect(index);
    const left = columns[x] ?? 0;
    const top = rowOf(y);
    const source = rectFromEdges(
      left,
      top,
      (columns[x + across - 1] ?? 0) + 1,
      rowOf(y + down - 1) + 1,
    );
    const uniform = uniformValue(mask, source);
    if (uniform !== null) {
      if (uniform > 0) resized.setTile(index, uniform);
      continue;
    }
    const from = readTiledMask(mask, source);
    const values = resized.writable(index);
    for (let row = 0; row < down; row++) {
      const line = (rowOf(y + row) - top) * source.width - left;
      for (let column = 0; column < across; column++) {
        values[row * MASK_TILE + column] = from[line + (columns[x + column] ?? 0)] ?? 0;
      }
    }
  }
  resized.takeChange();
  return resized;
}

/** The value of all pixels under a rectangle where its tiles know it, else null. */
export function uniformValue(mask: TiledMask, rect: Rect): number | null {
  let value: number | null = null;
  for (const index of mask.tilesIn(rect)) {
    const tile = mask.tile(index);
    if (typeof tile !== "number" || (value !== null && value !== tile)) return null;
    value = tile;
  }
  return value ?? 0;
}
