import { readFile } from "node:fs/promises";
import { AppError } from "../../core/errors.js";
import type { BitDepth, Samples } from "../../core/raster.js";
import { writeFileAtomically } from "../process/atomic-write.js";

/** Writes samples as they lie in memory; session files never leave the machine they were made on. */
export async function writeSamples(path: string, samples: Samples): Promise<void> {
  await writeFileAtomically(
    path,
    new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
  );
}

/** @throws AppError INTERNAL if the file is gone or has another length */
export async function readSamples(path: string, depth: BitDepth, length: number): Promise<Samples> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new AppError(
      "INTERNAL",
      `Expected the session's pixels at ${path} but they cannot be read; open the picture again.`,
      { path },
      { cause: error },
    );
  });
  if (bytes.byteLength !== (length * depth) / 8) {
    throw new AppError(
      "INTERNAL",
      `Expected ${length} samples of ${depth} bits in ${path} but it holds ${bytes.byteLength} bytes; open the picture again.`,
      { path },
    );
  }
  // A copy: small Node buffers share memory at odd offsets, where 16-bit views are impossible.
  const copy = Uint8Array.from(bytes);
  return depth === 8 ? copy : new Uint16Array(copy.buffer);
}
