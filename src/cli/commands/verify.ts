import { AppError } from "../../core/errors.js";
import { createRaster, type Raster } from "../../core/raster.js";
import { findBlockMismatch } from "../../core/verify.js";
import { readFileBytes, readPicture } from "../../engine/index.js";
import type { CommandContext } from "../command-context.js";
import type { InputOptions } from "../open-input.js";

/** `spectral verify`: checks that every block of an enlarged picture averages to the source pixel. */
export async function verify(
  bigPath: string,
  smallPath: string,
  { firstFrame }: InputOptions,
  context: CommandContext,
): Promise<void> {
  const frame = firstFrame === true ? "first" : undefined;
  const big = await readRaster(bigPath, frame);
  const small = likeColour(await readRaster(smallPath, frame), big);
  const factor = factorBetween(big, small);
  const mismatch = findBlockMismatch(big, small, factor);
  if (mismatch === null) {
    const blocks = small.width * small.height;
    context.report({ command: "verify", factor, blocks, isExact: true }, [
      `exact: all ${blocks} blocks of ${factor} x ${factor} average to their source pixel`,
    ]);
    return;
  }
  const { x, y, channel, expected, got } = mismatch;
  throw new AppError(
    "ENGINE_OUTPUT_INVALID",
    `Expected the ${factor} x ${factor} pixels at (${x * factor}, ${y * factor}) to sum to ${expected} in channel ${channel}, as pixel (${x}, ${y}) of ${smallPath} says, but they sum to ${got}; ${bigPath} was not enlarged exactly, is of a format that loses detail, or was changed since.`,
    { x, y, channel, expected, got, factor },
  );
}

async function readRaster(path: string, frame: "first" | undefined): Promise<Raster> {
  return (await readPicture(await readFileBytes(path), path, { frame })).raster;
}

/** Formats without greyscale give a grey picture back as one of three equal channels. */
function likeColour(small: Raster, big: Raster): Raster {
  if (small.channels > 2 || big.channels !== small.channels + 2) return small;
  const { width, height, channels, depth, data } = small;
  const coloured = createRaster(width, height, big.channels, depth);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const to = pixel * big.channels;
    const from = pixel * channels;
    coloured.data.fill(data[from] ?? 0, to, to + 3);
    if (channels === 2) coloured.data[to + 3] = data[from + 1] ?? 0;
  }
  return coloured;
}

function factorBetween(big: Raster, small: Raster): number {
  const factor = big.width / small.width;
  if (Number.isInteger(factor) && big.height === small.height * factor) return factor;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected the first picture to be a whole number of times as large as the second but got ${big.width} x ${big.height} and ${small.width} x ${small.height}; check their order.`,
  );
}
