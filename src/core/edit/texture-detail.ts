import { colourChannelsOf, maxSampleOf, type Raster } from "../raster.js";
import type { Rect } from "../rect.js";
import { allAtOnce, type Steps } from "../steps.js";
import type { BorrowedTexture } from "./borrow-texture.js";
import type { TextureWindow } from "./texture-window.js";

/** Texture that was borrowed at the model's resolution, and where it lies in the picture. */
export interface PlacedTexture extends Pick<BorrowedTexture, "sources" | "shares"> {
  /** Picture pixels along a side of a window's pixel. */
  readonly factor: number;
  /** The window's corner in the picture. */
  readonly x: number;
  readonly y: number;
  /** The picture itself at the model's resolution: interleaved RGB in [-1, 1]. */
  readonly seen: Pick<TextureWindow, "width" | "height" | "colours">;
  /** What is to be in its place, in the same way. */
  readonly wanted: Float32Array;
}

/**
 * Mixes texture into enlarged samples: the wanted picture enlarged linearly, plus what the picture has
 * at the source of each pixel beyond *its* own linear enlargement. Where the wanted picture is a copy
 * that makes it the very pixels of the source. Between two sources a block's width goes over from one
 * to the other.
 * @param samples `rect.width * rect.height * colours` in the raster's units, changed in place
 * @param rect where they lie in the picture
 */
export function mixTexture(
  samples: Float32Array,
  rect: Rect,
  original: Raster,
  texture: PlacedTexture,
): void {
  allAtOnce(textureSteps(samples, rect, original, texture));
}

/** {@link mixTexture} row by row, as steps. */
export function* textureSteps(
  samples: Float32Array,
  rect: Rect,
  original: Raster,
  texture: PlacedTexture,
): Steps<void> {
  const { factor, seen, shares } = texture;
  const colours = colourChannelsOf(original.channels);
  const detail = new DetailReader(original, texture);
  for (let y = 0; y < rect.height; y++) {
    const row = rect.y + y - texture.y;
    const block = Math.floor(row / factor);
    if (block < 0 || block >= seen.height) continue;
    yield;
    for (let x = 0; x < rect.width; x++) {
      const column = rect.x + x - texture.x;
      const blockColumn = Math.floor(column / factor);
      if (blockColumn < 0 || blockColumn >= seen.width) continue;
      const share = shares[block * seen.width + blockColumn] ?? 0;
      if (share === 0) continue;
      detail.moveTo(column, row);
      const first = (y * rect.width + x) * colours;
      for (let channel = 0; channel < colours; channel++) {
        const drawn = samples[first + channel] ?? 0;
        samples[first + channel] = drawn + share * (detail.value(channel, colours) - drawn);
      }
    }
  }
}

/** A pixel's sources, as steps in pixels of the window, and what each weighs. */
interface SourceSteps {
  readonly across: Int32Array;
  readonly down: Int32Array;
  readonly weights: Float64Array;
  count: number;
}

/** Reads textured samples, one pixel after another. */
class DetailReader {
  readonly #steps: SourceSteps = {
    across: new Int32Array(4),
    down: new Int32Array(4),
    weights: new Float64Array(4),
    count: 0,
  };
  readonly #half: number;
  /** Picture pixels from the window's corner. */
  #x = 0;
  #y = 0;
  /** The pixel of the window whose middle lies above and to the left, and how far beyond it we are. */
  #column = 0;
  #row = 0;
  #right = 0;
  #down = 0;

  constructor(
    private readonly original: Raster,
    private readonly texture: PlacedTexture,
  ) {
    this.#half = maxSampleOf(original.depth) / 2;
  }

  moveTo(x: number, y: number): void {
    const { factor } = this.texture;
    this.#x = x;
    this.#y = y;
    const column = (x + 0.5) / factor - 0.5;
    const row = (y + 0.5) / factor - 0.5;
    this.#column = Math.floor(column);
    this.#row = Math.floor(row);
    this.#right = column - this.#column;
    this.#down = row - this.#row;
    this.#findSteps();
  }

  /** The sample of a colour; `moveTo` comes first. */
  value(channel: number, colours: 1 | 3): number {
    const { texture } = this;
    const { across, down, weights, count } = this.#steps;
    let value = this.#wanted(channel, colours);
    for (let step = 0; step < count; step++) {
      const dx = across[step] ?? 0;
      const dy = down[step] ?? 0;
      const smooth = this.#linear(texture.seen.colours, channel, dx, dy);
      const own = this.#sample(channel, dx, dy);
      value += (weights[step] ?? 0) * (own - (smooth + 1) * this.#half);
    }
    return value;
  }

  #wanted(channel: number, colours: 1 | 3): number {
    const { wanted } = this.texture;
    if (colours === 3) return (this.#linear(wanted, channel, 0, 0) + 1) * this.#half;
    let sum = 0;
    for (let colour = 0; colour < 3; colour++) sum += this.#linear(wanted, colour, 0, 0);
    return (sum / 3 + 1) * this.#half;
  }

  /** The steps to the sources of the four pixels of the window around, equal ones taken together. */
  #findSteps(): void {
    const { sources, seen } = this.texture;
    const steps = this.#steps;
    steps.count = 0;
    let total = 0;
    for (let corner = 0; corner < 4; corner++) {
      const column = clamp(this.#column + (corner & 1), seen.width);
      const row = clamp(this.#row + (corner >> 1), seen.height);
      const source = sources[row * seen.width + column] ?? -1;
      if (source < 0) continue;
      const weight =
        ((corner & 1) === 1 ? this.#right : 1 - this.#right) *
        (corner >> 1 === 1 ? this.#down : 1 - this.#down);
      total += weight;
      const dy = Math.floor(source / seen.width) - row;
      this.#addStep((source % seen.width) - column, dy, weight);
    }
    for (let step = 0; step < steps.count; step++) {
      steps.weights[step] = (steps.weights[step] ?? 0) / total;
    }
  }

  #addStep(dx: number, dy: number, weight: number): void {
    const steps = this.#steps;
    const { across, down, weights } = steps;
    for (let step = 0; step < steps.count; step++) {
      if (across[step] !== dx || down[step] !== dy) continue;
      weights[step] = (weights[step] ?? 0) + weight;
      return;
    }
    across[steps.count] = dx;
    down[steps.count] = dy;
    weights[steps.count++] = weight;
  }

  /** Linear between four pixels of the window, so many pixels of the window away. */
  #linear(colours: Float32Array, channel: number, dx: number, dy: number): number {
    const { width, height } = this.texture.seen;
    const left = clamp(this.#column + dx, width);
    const right = clamp(this.#column + dx + 1, width);
    const above = clamp(this.#row + dy, height) * width;
    const below = clamp(this.#row + dy + 1, height) * width;
    const a = colours[3 * (above + left) + channel] ?? 0;
    const b = colours[3 * (above + right) + channel] ?? 0;
    const c = colours[3 * (below + left) + channel] ?? 0;
    const d = colours[3 * (below + right) + channel] ?? 0;
    const top = a + (b - a) * this.#right;
    return top + (c + (d - c) * this.#right - top) * this.#down;
  }

  /** The picture's own sample, so many pixels of the window away. */
  #sample(channel: number, dx: number, dy: number): number {
    const { original, texture } = this;
    const x = clamp(texture.x + this.#x + dx * texture.factor, original.width);
    const y = clamp(texture.y + this.#y + dy * texture.factor, original.height);
    return original.data[(y * original.width + x) * original.channels + channel] ?? 0;
  }
}

function clamp(at: number, length: number): number {
  return Math.max(0, Math.min(length - 1, at));
}
