import {
  borrowTexture,
  DRAWN,
  FILLED,
  type BorrowedTexture,
} from "../../core/edit/borrow-texture.js";
import type { PlacedTexture } from "../../core/edit/texture-detail.js";
import { PixelRole, type TextureWindow } from "../../core/edit/texture-window.js";
import { maskAlphaIn, type Mask } from "../../core/mask/mask.js";
import { modelImageSteps, type ModelImage } from "../../core/model-image.js";
import type { EditRegion } from "../../core/plan/region.js";
import { hasAlphaChannel, type Raster } from "../../core/raster.js";
import {
  bottomOf,
  intersectRects,
  rectContains,
  rectOfSize,
  rightOf,
  type Rect,
} from "../../core/rect.js";
import type { Steps } from "../../core/steps.js";
import { inSteps, type JobContext } from "../jobs/job-context.js";
import { createRandom } from "../sampling/random.js";

/** Model pixels around the region whose texture may be taken, too; a multiple of four. */
const MARGIN = 64;
/** Tells the search's random numbers from those of the tokens, whose streams are small. */
const STREAM = 2 ** 31 - 1;

/** A region with the picture around it at the model's resolution, to take texture from. */
export interface Surroundings {
  /** In picture pixels; may hang over the border. */
  readonly rect: Rect;
  readonly factor: number;
  /** The picture's own colours. */
  readonly seen: TextureWindow;
}

/**
 * Reads what surrounds a mask, in steps. Pixels under it are targets, transparent ones and those beyond the border unusable.
 * @param known rectangles outside of which nothing may be taken; the whole picture if it is not told
 */
export function* surroundingsSteps(
  original: Raster,
  { rect: inner, factor }: EditRegion,
  mask: Mask,
  known: readonly Rect[] = [rectOfSize(original.width, original.height)],
): Steps<Surroundings> {
  const margin = MARGIN * factor;
  const side = inner.width + 2 * margin;
  const rect = { x: inner.x - margin, y: inner.y - margin, width: side, height: side };
  const image = yield* modelImageSteps(original, rect, factor);
  const seen: TextureWindow = {
    width: image.side,
    height: image.side,
    colours: interleaved(image),
    roles: new Uint8Array(image.side * image.side),
  };
  yield* markRoles(seen, original, { rect, factor, mask, known });
  return { rect, factor, seen };
}

function interleaved({ side, data }: ModelImage): Float32Array {
  const area = side * side;
  const colours = new Float32Array(3 * area);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      colours[3 * pixel + channel] = data[channel * area + pixel] ?? 0;
    }
  }
  return colours;
}

interface WindowPlace {
  readonly rect: Rect;
  readonly factor: number;
  readonly mask: Mask;
  readonly known: readonly Rect[];
}

function* markRoles(
  { width, roles }: TextureWindow,
  original: Raster,
  { rect, factor, mask, known }: WindowPlace,
): Steps<void> {
  const picture = rectOfSize(original.width, original.height);
  for (let y = 0, pixel = 0; y < width; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const [left, top] = [rect.x + x * factor, rect.y + y * factor];
      const own = { x: left, y: top, width: factor, height: factor };
      if (known.some((one) => rectContains(one, own))) roles[pixel] = PixelRole.example;
    }
  }
  const at = (x: number, y: number) =>
    Math.floor((y - rect.y) / factor) * width + Math.floor((x - rect.x) / factor);
  const { channels, data } = original;
  if (hasAlphaChannel(channels)) {
    const common = intersectRects(picture, rect);
    for (let y = common.y; y < bottomOf(common); y++) {
      for (let x = common.x; x < rightOf(common); x++) {
        if (data[(y * original.width + x + 1) * channels - 1] !== 0) continue;
        roles[at(x, y)] = PixelRole.unusable;
      }
      yield;
    }
  }
  const masked = intersectRects(mask.rect, rect);
  const alpha = maskAlphaIn(mask, masked);
  for (let y = masked.y, index = 0; y < bottomOf(masked); y++) {
    for (let x = masked.x; x < rightOf(masked); x++, index++) {
      if (alpha[index] !== 0) roles[at(x, y)] = PixelRole.target;
    }
    yield;
  }
}

/** Which texture is wanted. */
export interface TextureRequest {
  readonly seed: number;
  /** Number of the variation, which has random numbers of its own; below 2^16. */
  readonly variation: number;
  /** The surroundings are continued; else what was drawn is given their texture. */
  readonly isFilled: boolean;
}

/** A drawn picture with the surroundings' texture, and where to find its detail at native resolution. */
export interface TexturedPicture {
  readonly image: ModelImage;
  readonly texture: BorrowedTexture | null;
}

/**
 * Gives what was drawn the texture of its surroundings; unchanged where they have none like it. The
 * same request gives the same texture.
 * @throws an AbortError if cancelled
 */
export async function textureFrom(
  { seen }: Surroundings,
  drawn: ModelImage,
  { seed, variation, isFilled }: TextureRequest,
  context: JobContext,
): Promise<TexturedPicture> {
  const window = { ...seen, colours: withRegion(seen, drawn) };
  const random = createRandom(seed, STREAM - variation);
  const way = isFilled ? FILLED : DRAWN;
  const texture = await inSteps(
    borrowTexture(window, () => random.next(), way),
    context,
  );
  if (texture === null) return { image: drawn, texture };
  const { colours, shares } = texture;
  const area = drawn.side ** 2;
  const data = drawn.data.slice();
  forEachPixel(seen, drawn.side, (inWindow, pixel) => {
    const share = shares[inWindow] ?? 0;
    if (share === 0) return;
    for (let channel = 0; channel < 3; channel++) {
      const at = channel * area + pixel;
      const own = data[at] ?? 0;
      data[at] = own + share * ((colours[3 * inWindow + channel] ?? 0) - own);
    }
  });
  return { image: { side: drawn.side, data }, texture };
}

/**
 * The texture's detail beyond the model's resolution.
 * @param wanted the region as it is to be, at the model's resolution
 */
export function placeTexture(
  { rect, factor, seen }: Surroundings,
  { sources, shares }: BorrowedTexture,
  wanted: ModelImage,
): PlacedTexture {
  const { x, y } = rect;
  return { factor, x, y, seen, wanted: withRegion(seen, wanted), sources, shares };
}

/** The window with the targets of a picture in its middle. */
function withRegion(seen: TextureWindow, { side, data }: ModelImage): Float32Array {
  const colours = seen.colours.slice();
  forEachPixel(seen, side, (inWindow, pixel) => {
    if (seen.roles[inWindow] !== PixelRole.target) return;
    for (let channel = 0; channel < 3; channel++) {
      colours[3 * inWindow + channel] = data[channel * side * side + pixel] ?? 0;
    }
  });
  return colours;
}

/** Calls back with the number of each pixel of the region, in the window and in the region. */
function forEachPixel(
  { width }: TextureWindow,
  side: number,
  visit: (inWindow: number, pixel: number) => void,
): void {
  const margin = (width - side) / 2;
  for (let y = 0, pixel = 0; y < side; y++) {
    for (let x = 0; x < side; x++) visit((y + margin) * width + x + margin, pixel++);
  }
}
