import { AppError } from "../errors.js";
import { hasAlphaChannel, maxSampleOf, type Raster } from "../raster.js";
import { rectFromEdges } from "../rect.js";
import { RunWriter, type PackedMask } from "./packed-mask.js";

/** Which pixels are alike. */
export interface ColourChoice {
  /** The pixel whose colour is looked for. */
  readonly x: number;
  readonly y: number;
  /** Largest difference of any sample, 0..255 whatever the picture's depth. */
  readonly tolerance: number;
  /** Only pixels that are reached over like ones (left, right, above, below); else the whole picture. */
  readonly contiguous: boolean;
}

/**
 * Chooses pixels by colour. Pixels that nobody sees (alpha 0) are all alike, whatever colour they hide.
 * @returns where they are; at least the pixel itself
 * @throws AppError REQUEST_INVALID if the pixel is not one of the picture
 */
export function selectByColour(raster: Raster, choice: ColourChoice): PackedMask {
  const { x, y } = choice;
  const { width, height } = raster;
  const isPixel = Number.isSafeInteger(x) && Number.isSafeInteger(y);
  if (!isPixel || x < 0 || y < 0 || x >= width || y >= height) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a pixel of the ${width} x ${height} picture but got (${x}, ${y}).`,
      { x, y },
    );
  }
  const isLike = likeness(raster, y * width + x, choice.tolerance);
  const chosen = new BitPlane(width, height);
  if (choice.contiguous) flood(chosen, isLike, x, y);
  else {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        if (isLike(row * width + column)) chosen.set(column, row);
      }
    }
  }
  return chosen.pack();
}

function likeness(
  { data, channels, depth }: Raster,
  seed: number,
  tolerance: number,
): (pixel: number) => boolean {
  const slack = (tolerance * maxSampleOf(depth)) / 255;
  const wanted = Array.from(
    { length: channels },
    (_, channel) => data[seed * channels + channel] ?? 0,
  );
  const alpha = hasAlphaChannel(channels) ? channels - 1 : -1;
  const isHidden = alpha >= 0 && wanted[alpha] === 0;
  return (pixel) => {
    const at = pixel * channels;
    if (isHidden && data[at + alpha] === 0) return true;
    for (let channel = 0; channel < channels; channel++) {
      const difference = (data[at + channel] ?? 0) - (wanted[channel] ?? 0);
      if (difference > slack || -difference > slack) return false;
    }
    return true;
  };
}

/** One bit a pixel: a flooded picture of 100 megapixels takes 13 MB, not 100. */
class BitPlane {
  readonly #bits: Uint8Array;
  #left = Infinity;
  #right = -1;
  #top = Infinity;
  #bottom = -1;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.#bits = new Uint8Array(Math.ceil((width * height) / 8));
  }

  has(x: number, y: number): boolean {
    const at = y * this.width + x;
    return ((this.#bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
  }

  set(x: number, y: number): void {
    const at = y * this.width + x;
    this.#bits[at >> 3] = (this.#bits[at >> 3] ?? 0) | (1 << (at & 7));
    if (x < this.#left) this.#left = x;
    if (x > this.#right) this.#right = x;
    if (y < this.#top) this.#top = y;
    if (y > this.#bottom) this.#bottom = y;
  }

  pack(): PackedMask {
    const rect = rectFromEdges(this.#left, this.#top, this.#right + 1, this.#bottom + 1);
    const writer = new RunWriter();
    for (let y = this.#top; y <= this.#bottom; y++) {
      for (let x = this.#left; x <= this.#right; x++) writer.add(this.has(x, y) ? 255 : 0, 1);
    }
    return { rect, runs: writer.finish() };
  }
}

/** Fills whole runs of a row and looks for new ones above and below, which keeps the stack small. */
function flood(
  chosen: BitPlane,
  isLike: (pixel: number) => boolean,
  startX: number,
  startY: number,
): void {
  const { width, height } = chosen;
  const isNew = (x: number, y: number) => !chosen.has(x, y) && isLike(y * width + x);
  const stack = [startX, startY];
  while (stack.length > 0) {
    const y = stack.pop() ?? 0;
    const x = stack.pop() ?? 0;
    if (!isNew(x, y)) continue;
    let left = x;
    while (left > 0 && isNew(left - 1, y)) left--;
    let right = x;
    while (right + 1 < width && isNew(right + 1, y)) right++;
    for (let column = left; column <= right; column++) chosen.set(column, y);
    for (const next of [y - 1, y + 1]) {
      if (next < 0 || next >= height) continue;
      let wasNew = false;
      for (let column = left; column <= right; column++) {
        const isOpen = isNew(column, next);
        if (isOpen && !wasNew) stack.push(column, next);
        wasNew = isOpen;
      }
    }
  }
}
