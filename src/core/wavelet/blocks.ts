import { AppError } from "../errors.js";

/**
 * Sums of a plane over blocks of `side` x `side` pixels, `(width / side) * (height / side)` row-major.
 * Exact for integer samples (sums stay far below 2^53).
 * @throws AppError REQUEST_INVALID naming the side that does not divide
 */
export function blockSums(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  side: number,
): Float64Array {
  requireDivisible(plane, width, height, side);
  const columns = width / side;
  const sums = new Float64Array(columns * (height / side));
  for (let y = 0; y < height; y++) {
    const blockRow = Math.floor(y / side) * columns;
    for (let x = 0; x < width; x++) {
      const block = blockRow + Math.floor(x / side);
      sums[block] = (sums[block] ?? 0) + (plane[y * width + x] ?? 0);
    }
  }
  return sums;
}

/** {@link blockSums} divided by the pixels of a block. */
export function blockMeans(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  side: number,
): Float64Array {
  return blockSums(plane, width, height, side).map((sum) => sum / (side * side));
}

/** Enlarges a plane by repeating every value over `side` x `side` pixels. */
export function repeatBlocks(
  plane: Float32Array,
  width: number,
  height: number,
  side: number,
): Float32Array {
  const outWidth = width * side;
  const enlarged = new Float32Array(outWidth * height * side);
  for (let row = 0; row < height; row++) {
    const first = row * side * outWidth;
    for (let x = 0; x < outWidth; x++) {
      enlarged[first + x] = plane[row * width + Math.floor(x / side)] ?? 0;
    }
    for (let y = 1; y < side; y++) {
      enlarged.copyWithin(first + y * outWidth, first, first + outWidth);
    }
  }
  return enlarged;
}

/**
 * Checks a plane that is to be cut into blocks.
 * @throws AppError REQUEST_INVALID naming the side that does not divide, or the wrong length
 */
export function requireDivisible(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  side: number,
): void {
  if (!Number.isSafeInteger(side) || side < 1) {
    throw new AppError("REQUEST_INVALID", `Expected a block side of at least 1 but got ${side}.`);
  }
  for (const [name, length] of [
    ["width", width],
    ["height", height],
  ] as const) {
    if (Number.isSafeInteger(length) && length >= 1 && length % side === 0) continue;
    throw new AppError(
      "REQUEST_INVALID",
      `Expected ${name} to be a positive multiple of ${side} but got ${length}; crop or pad the picture first.`,
      { side, [name]: length },
    );
  }
  if (plane.length !== width * height) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected ${width} x ${height} = ${width * height} values but got ${plane.length}.`,
    );
  }
}

/** Index of the top left pixel of 2 x 2 block `at` in a plane that is `width` such blocks wide. */
export function cornerOf(at: number, width: number): number {
  const row = Math.floor(at / width);
  return row * 4 * width + (at - row * width) * 2;
}
