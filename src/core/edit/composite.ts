import { AppError } from "../errors.js";
import { colourChannelsOf, cropRaster, maxSampleOf, requireRect, type Raster } from "../raster.js";
import {
  bottomOf,
  describeRect,
  intersectRects,
  isEmptyRect,
  rectOfSize,
  rightOf,
  type Rect,
} from "../rect.js";
import { BoxSumRounder } from "../rounding/box-sum.js";
import { allAtOnce, type Steps } from "../steps.js";

/** Everything that decides the pixels of an edit. */
export interface CompositeRequest {
  /** The picture (or the part of it that holds the region). */
  readonly original: Raster;
  /** The edited region in pixels of `original`; may hang over its border. */
  readonly region: Rect;
  /**
   * The region's new pixels at native resolution in the raster's units, interleaved:
   * `region.width * region.height * colourChannelsOf(original.channels)`; not clipped.
   */
  readonly generated: Float32Array;
  /** Feathered mask over the region, `region.width * region.height`, 0..255. */
  readonly alpha: Uint8Array;
  /**
   * Side in picture pixels of the blocks that keep their sums, counted from the region's corner; must
   * divide the region. null: nothing is frozen. 1: everything is, the result is the original.
   */
  readonly blockSide: number | null;
}

/** The new pixels. */
export interface CompositeResult {
  /** Part of the region that lies in the picture. */
  readonly rect: Rect;
  /** Its new pixels, with the original's channels and depth. */
  readonly patch: Raster;
  /** Pixels with at least one sample that differs from the original's. */
  readonly changedPixels: number;
}

/**
 * Blends the generated pixels over the original by alpha, then moves the blended values (only where
 * alpha > 0, in proportion to alpha) to integers such that each block and channel keeps exactly the
 * sum it had. Pixels with alpha 0 and the alpha channel are copied bit by bit. Blocks cut by the
 * picture's border are constrained over the pixels that exist.
 *
 * The correction is proportional to alpha because a block at the mask's edge needs the most of it:
 * an equal share would put a visible step where the feather has just faded the change out.
 * @throws AppError REQUEST_INVALID on lengths that do not fit or a region outside the picture,
 * ENGINE_OUTPUT_INVALID if a generated value under the mask is not finite
 */
export function compositeEdit(request: CompositeRequest): CompositeResult {
  return allAtOnce(compositeSteps(request));
}

/** {@link compositeEdit} block by block, as steps. */
export function* compositeSteps(request: CompositeRequest): Steps<CompositeResult> {
  const { original, region, blockSide } = request;
  requireFitting(request);
  const rect = intersectRects(region, rectOfSize(original.width, original.height));
  const before = cropRaster(original, rect);
  const patch = { ...before, data: before.data.slice() };
  const area: EditArea = { request, rect, patch };
  if (blockSide === null) yield* blendFreely(area);
  else if (blockSide > 1) yield* projectBlocks(area, blockSide);
  return { rect, patch, changedPixels: countChanged(before, patch) };
}

/** The patch being written and what it is made from. */
interface EditArea {
  readonly request: CompositeRequest;
  /** The patch's place in the original. */
  readonly rect: Rect;
  readonly patch: Raster;
}

/** Reused for every block: the pixels that may move. */
interface MovablePixels {
  readonly rounder: BoxSumRounder;
  /** First sample in the patch, per pixel. */
  readonly patchOffsets: Int32Array;
  /** Index in the region (mask and generated pixels), per pixel. */
  readonly regionPixels: Int32Array;
}

/** Nothing is frozen: every movable sample is blended and rounded on its own. */
function* blendFreely(area: EditArea): Steps<void> {
  const { patch, request } = area;
  const movable = createMovable(patch.width);
  const colours = colourChannelsOf(patch.channels);
  const max = maxSampleOf(patch.depth);
  for (let y = area.rect.y; y < bottomOf(area.rect); y++) {
    const count = collectMovable(area, { ...area.rect, y, height: 1 }, movable);
    for (let channel = 0; channel < colours; channel++) {
      for (let i = 0; i < count; i++) {
        const at = (movable.patchOffsets[i] ?? 0) + channel;
        const pixel = movable.regionPixels[i] ?? 0;
        const blended = blend(patch.data[at] ?? 0, request, pixel * colours + channel, pixel);
        if (!Number.isFinite(blended)) throw notFinite(blended);
        patch.data[at] = Math.max(0, Math.min(max, Math.round(blended)));
      }
    }
    yield;
  }
}

function* projectBlocks(area: EditArea, blockSide: number): Steps<void> {
  const { region } = area.request;
  const movable = createMovable(blockSide * blockSide);
  for (let y = region.y; y < bottomOf(region); y += blockSide) {
    for (let x = region.x; x < rightOf(region); x += blockSide) {
      const block = { x, y, width: blockSide, height: blockSide };
      projectBlock(area, intersectRects(block, area.rect), movable);
      yield;
    }
  }
}

/**
 * The fixed pixels of a block keep their samples, so the movable ones must keep the sum that they
 * have together. That sum is always within reach: the original's samples are one way to get it.
 */
function projectBlock(area: EditArea, block: Rect, movable: MovablePixels): void {
  const { patch, request } = area;
  const { rounder, patchOffsets, regionPixels } = movable;
  const count = collectMovable(area, block, movable);
  if (count < 2) return;
  const colours = colourChannelsOf(patch.channels);
  for (let channel = 0; channel < colours; channel++) {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const sample = patch.data[(patchOffsets[i] ?? 0) + channel] ?? 0;
      const pixel = regionPixels[i] ?? 0;
      sum += sample;
      rounder.targets[i] = blend(sample, request, pixel * colours + channel, pixel);
      rounder.weights[i] = request.alpha[pixel] ?? 0;
    }
    rounder.roundWeighted(count, sum, 0, maxSampleOf(patch.depth));
    for (let i = 0; i < count; i++) {
      patch.data[(patchOffsets[i] ?? 0) + channel] = rounder.result[i] ?? 0;
    }
  }
}

function createMovable(capacity: number): MovablePixels {
  return {
    rounder: new BoxSumRounder(capacity),
    patchOffsets: new Int32Array(capacity),
    regionPixels: new Int32Array(capacity),
  };
}

/** Lists the pixels of `block` (in the original's pixels, within the patch) whose alpha is above 0. */
function collectMovable(area: EditArea, block: Rect, movable: MovablePixels): number {
  const { rect, patch, request } = area;
  const { region, alpha } = request;
  let count = 0;
  for (let y = block.y; y < bottomOf(block); y++) {
    for (let x = block.x; x < rightOf(block); x++) {
      const pixel = (y - region.y) * region.width + x - region.x;
      if (alpha[pixel] === 0) continue;
      movable.regionPixels[count] = pixel;
      movable.patchOffsets[count] = ((y - rect.y) * patch.width + x - rect.x) * patch.channels;
      count++;
    }
  }
  return count;
}

function blend(
  sample: number,
  request: CompositeRequest,
  generatedAt: number,
  pixel: number,
): number {
  const alpha = (request.alpha[pixel] ?? 0) / 255;
  return sample + ((request.generated[generatedAt] ?? Number.NaN) - sample) * alpha;
}

function countChanged(before: Raster, after: Raster): number {
  const { channels } = before;
  let changed = 0;
  for (let pixel = 0; pixel < before.data.length; pixel += channels) {
    for (let at = pixel; at < pixel + channels; at++) {
      if (before.data[at] === after.data[at]) continue;
      changed++;
      break;
    }
  }
  return changed;
}

function requireFitting({ original, region, generated, alpha, blockSide }: CompositeRequest): void {
  requireRect(region);
  const pixels = region.width * region.height;
  requireLength("mask values", alpha.length, pixels);
  requireLength(
    "generated samples",
    generated.length,
    pixels * colourChannelsOf(original.channels),
  );
  if (isEmptyRect(intersectRects(region, rectOfSize(original.width, original.height)))) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a region that meets the ${original.width} x ${original.height} picture but got ${describeRect(region)}.`,
      { ...region },
    );
  }
  const isBlockSide = blockSide === null || (Number.isSafeInteger(blockSide) && blockSide >= 1);
  if (
    isBlockSide &&
    region.width % (blockSide ?? 1) === 0 &&
    region.height % (blockSide ?? 1) === 0
  ) {
    return;
  }
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a block side that divides ${describeRect(region)} but got ${blockSide}.`,
    { ...region, blockSide },
  );
}

function requireLength(what: string, length: number, expected: number): void {
  if (length === expected) return;
  throw new AppError("REQUEST_INVALID", `Expected ${expected} ${what} but got ${length}.`, {
    length,
    expected,
  });
}

function notFinite(value: number): AppError {
  return new AppError(
    "ENGINE_OUTPUT_INVALID",
    `Expected finite generated samples but got ${value}; the model or its device gave a wrong result, try another device.`,
  );
}
