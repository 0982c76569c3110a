import type { MaskTile, TiledMask } from "./tiled-mask.js";

/** How a drawn shape meets the mask that is there. */
export const COMBINE_MODES = ["add", "subtract", "intersect"] as const;
export type CombineMode = (typeof COMBINE_MODES)[number];

/** What a pixel becomes: the larger value; what the shape leaves of it; the smaller value. */
const RULES: Readonly<Record<CombineMode, (old: number, shape: number) => number>> = {
  add: (old, shape) => Math.max(old, shape),
  subtract: (old, shape) => Math.min(old, 255 - shape),
  intersect: (old, shape) => Math.min(old, shape),
};

/** Combines a mask with a shape of the same picture. */
export function combineMasks(mask: TiledMask, shape: TiledMask, mode: CombineMode): void {
  const rule = RULES[mode];
  for (let index = 0; index < mask.tileCount; index++) {
    const old = mask.tile(index);
    const next = combineTiles(old, shape.tile(index), rule);
    if (next !== old) mask.setTile(index, next);
  }
}

function combineTiles(
  old: MaskTile,
  shape: MaskTile,
  rule: (old: number, shape: number) => number,
): MaskTile {
  if (typeof shape === "number") {
    if (typeof old === "number") return rule(old, shape);
    // The rules are clamps: where both extremes stay everything stays, where they meet all are one.
    const [least, most] = [rule(0, shape), rule(255, shape)];
    if (least === 0 && most === 255) return old;
    if (least === most) return least;
    return old.map((value) => rule(value, shape));
  }
  if (typeof old === "number") return shape.map((value) => rule(old, value));
  return old.map((value, at) => rule(value, shape[at] ?? 0));
}

/** Turns masked into free and back, everywhere. */
export function invertTiledMask(mask: TiledMask): void {
  for (let index = 0; index < mask.tileCount; index++) {
    const tile = mask.tile(index);
    mask.setTile(index, typeof tile === "number" ? 255 - tile : tile.map((value) => 255 - value));
  }
}

/** Gives every pixel one value: 0 masks nothing, 255 everything. */
export function fillTiledMask(mask: TiledMask, value: number): void {
  for (let index = 0; index < mask.tileCount; index++) {
    if (mask.tile(index) !== value) mask.setTile(index, value);
  }
}
