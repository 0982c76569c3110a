import { AppError } from "../errors.js";
import { bottomOf, describeRect, rightOf, type Rect } from "../rect.js";
import type { Mask } from "./mask.js";
import { MASK_TILE, tiledMaskBounds, type TiledMask } from "./tiled-mask.js";

/**
 * A mask as runs of equal values, row by row through `rect`: a value's byte, then the run's length as
 * a base-128 number, low digits first, 128 added to each digit but the last. A wand's choice of a
 * large picture is thousands of runs and millions of pixels.
 */
export interface PackedMask {
  readonly rect: Rect;
  readonly runs: Uint8Array;
}

const ROWS_A_STEP = 32;

/** Collects runs; neighbours of one value are joined. */
export class RunWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;
  #value = 0;
  #count = 0;

  add(value: number, count: number): void {
    if (value !== this.#value) {
      this.#flush();
      this.#value = value;
    }
    this.#count += count;
  }

  finish(): Uint8Array {
    this.#flush();
    return this.#bytes.slice(0, this.#length);
  }

  #flush(): void {
    if (this.#count === 0) return;
    if (this.#length + 8 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = this.#value;
    while (this.#count >= 128) {
      this.#bytes[this.#length++] = (this.#count % 128) + 128;
      this.#count = Math.floor(this.#count / 128);
    }
    this.#bytes[this.#length++] = this.#count;
    this.#count = 0;
  }
}

export function packMask({ rect, alpha }: Mask): PackedMask {
  const writer = new RunWriter();
  addValues(writer, alpha);
  return { rect, runs: writer.finish() };
}

/** A tiled mask without a copy of its pixels: what is all of one value costs nothing. Null if it is empty. */
export function packTiledMask(mask: TiledMask): PackedMask | null {
  const steps = packTiledMaskInSteps(mask);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same in steps, for who must not be kept waiting; the mask must not change between them. */
export function* packTiledMaskInSteps(mask: TiledMask): Generator<void, PackedMask | null> {
  const rect = tiledMaskBounds(mask);
  if (rect === null) return null;
  const writer = new RunWriter();
  for (let y = rect.y; y < bottomOf(rect); y++) {
    if (y % ROWS_A_STEP === 0) yield;
    const firstTile = Math.floor(y / MASK_TILE) * mask.columns;
    const row = (y % MASK_TILE) * MASK_TILE;
    for (let x = rect.x; x < rightOf(rect);) {
      const column = Math.floor(x / MASK_TILE);
      const left = column * MASK_TILE;
      const end = Math.min(rightOf(rect), left + MASK_TILE);
      const tile = mask.tile(firstTile + column);
      if (typeof tile === "number") writer.add(tile, end - x);
      else addValues(writer, tile.subarray(row + x - left, row + end - left));
      x = end;
    }
  }
  return { rect, runs: writer.finish() };
}

function addValues(writer: RunWriter, values: Uint8Array): void {
  for (let at = 0; at < values.length;) {
    const value = values[at] ?? 0;
    let end = at + 1;
    while (end < values.length && values[end] === value) end++;
    writer.add(value, end - at);
    at = end;
  }
}

/** @throws AppError MASK_INVALID if the runs do not fill the rectangle exactly */
export function unpackMask(packed: PackedMask): Mask {
  const { rect } = packed;
  const alpha = new Uint8Array(rect.width * rect.height);
  readRuns(packed, (value, from, to) => alpha.fill(value, from, to));
  return { rect, alpha };
}

/**
 * Writes a packed mask into a tiled one, never holding all of its pixels.
 * @throws AppError MASK_INVALID if the runs do not fill the rectangle or it leaves the picture
 */
export function writePackedMask(mask: TiledMask, packed: PackedMask): void {
  const { rect } = packed;
  const isInside =
    rect.x >= 0 &&
    rect.y >= 0 &&
    rect.x + rect.width <= mask.width &&
    rect.y + rect.height <= mask.height;
  if (!isInside) {
    throw invalid(`a mask inside of ${mask.width} x ${mask.height}`, describeRect(rect));
  }
  readRuns(packed, (value, from, to) => {
    for (let at = from; at < to;) {
      const y = Math.floor(at / rect.width);
      const end = Math.min(to, (y + 1) * rect.width);
      const x = rect.x + at - y * rect.width;
      mask.fillSpan(rect.y + y, x, x + end - at, value);
      at = end;
    }
  });
}

function readRuns(
  { rect, runs }: PackedMask,
  onRun: (value: number, from: number, to: number) => void,
): void {
  const total = rect.width * rect.height;
  let at = 0;
  let pixel = 0;
  while (at < runs.length) {
    const value = runs[at++] ?? 0;
    let count = 0;
    for (let scale = 1, digit = 128; digit >= 128; scale *= 128) {
      // A run that is cut short, or longer than any picture, ends the reading below.
      digit = runs[at++] ?? NaN;
      count += (digit % 128) * scale;
    }
    if (!(count > 0 && pixel + count <= total)) {
      throw invalid(`runs of ${total} pixels in all`, `a run of ${count} after ${pixel}`);
    }
    onRun(value, pixel, pixel + count);
    pixel += count;
  }
  if (pixel !== total) throw invalid(`runs of ${total} pixels in all`, `${pixel}`);
}

function invalid(expected: string, got: string): AppError {
  return new AppError("MASK_INVALID", `Expected ${expected} but got ${got}.`);
}
