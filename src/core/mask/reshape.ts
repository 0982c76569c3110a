import { AppError } from "../errors.js";
import { inflateRect, type Rect } from "../rect.js";
import { boxBlur } from "./box-blur.js";
import { distanceToZero } from "./distance.js";
import { readTiledMask, uniformValue, type Surroundings } from "./tiled-mask-pixels.js";
import { MASK_TILE, type MaskTile, type TiledMask } from "./tiled-mask.js";

/** Most pixels that a mask is grown, shrunk or feathered by at once. */
export const MAX_RESHAPE_PX = 250;

/** What can be done to a mask's outline. */
export const RESHAPES = ["grow", "shrink", "feather"] as const;
export type Reshape = (typeof RESHAPES)[number];

/**
 * Moves or softens a mask's outline by a number of pixels:
 * - "grow": every pixel nearer than that to a masked one (at least half) becomes masked; none falls;
 * - "shrink": the inverse of growing what is free; the picture's own border does not eat into it;
 * - "feather": blurs the outline to both sides.
 *
 * Works tile by tile and yields after each tile that took work, so that a caller can let a screen
 * breathe; tiles far from any outline take none. The mask changes when the last step is done.
 * @throws AppError REQUEST_INVALID if `amountPx` is not in 0..MAX_RESHAPE_PX
 */
export function* reshapeMask(mask: TiledMask, kind: Reshape, amountPx: number): Generator<void> {
  if (!(amountPx >= 0 && amountPx <= MAX_RESHAPE_PX)) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected 0 to ${MAX_RESHAPE_PX} pixels but got ${amountPx}.`,
      { amountPx },
    );
  }
  if (amountPx === 0) return;
  const { reach, around, compute } = planOf(kind, amountPx);
  const changed = new Map<number, MaskTile>();
  for (let index = 0; index < mask.tileCount; index++) {
    const rect = mask.tileRect(index);
    const seen = inflateRect(rect, reach);
    if (uniformValue(mask, seen) !== null) continue;
    const values = compute(readTiledMask(mask, seen, around), seen);
    changed.set(index, cutTile(values, seen, rect));
    yield;
  }
  for (const [index, tile] of changed) mask.setTile(index, tile);
}

interface Plan {
  /** How far around a tile its new values depend on the old ones. */
  readonly reach: number;
  readonly around: Surroundings;
  readonly compute: (values: Uint8Array, rect: Rect) => Uint8Array;
}

function planOf(kind: Reshape, amountPx: number): Plan {
  switch (kind) {
    case "grow":
      return {
        reach: Math.ceil(amountPx) + 1,
        around: "nothing",
        compute: (values, { width, height }) => grow(values, width, height, amountPx),
      };
    case "shrink":
      return {
        reach: Math.ceil(amountPx) + 1,
        around: "border",
        compute: (values, { width, height }) => {
          const free = values.map((value) => 255 - value);
          return grow(free, width, height, amountPx).map((value) => 255 - value);
        },
      };
    case "feather": {
      const radius = Math.max(1, Math.round(amountPx / 2));
      return {
        reach: 3 * radius,
        around: "border",
        compute: (values, { width, height }) => boxBlur(values, width, height, radius, 3),
      };
    }
  }
}

function grow(values: Uint8Array, width: number, height: number, amountPx: number): Uint8Array {
  const distances = distanceToZero(
    values.map((value) => (value >= 128 ? 0 : 1)),
    width,
    height,
  );
  return values.map((value, at) => {
    const strength = Math.max(0, Math.min(1, amountPx + 1 - (distances[at] ?? Infinity)));
    return Math.max(value, Math.round(255 * strength));
  });
}

function cutTile(values: Uint8Array, seen: Rect, rect: Rect): Uint8Array {
  const tile = new Uint8Array(MASK_TILE * MASK_TILE);
  for (let y = 0; y < rect.height; y++) {
    const from = (rect.y - seen.y + y) * seen.width + rect.x - seen.x;
    tile.set(values.subarray(from, from + rect.width), y * MASK_TILE);
  }
  return tile;
}
