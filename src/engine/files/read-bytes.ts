import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { AppError } from "../../core/errors.js";
import { MAX_FILE_BYTES } from "../../shared/limits.js";

/** Opening a pipe would otherwise wait for its writer, for ever. Windows has no such flag. */
const NON_BLOCKING = process.platform === "win32" ? 0 : constants.O_NONBLOCK;

/**
 * Reads a picture file, its size checked before a byte is read.
 * @throws AppError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY, FILE_TOO_LARGE
 */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, constants.O_RDONLY | NON_BLOCKING);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) {
        throw new AppError(
          "FILE_UNREADABLE",
          `Expected a file at ${path} but found a folder or a device; name a picture file.`,
          { path },
        );
      }
      requireFileSize(stats.size, path);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asReadError(error, path);
  }
}

/**
 * Checks a file's size, which costs nothing, before its content.
 * @throws AppError FILE_EMPTY, FILE_TOO_LARGE
 */
export function requireFileSize(sizeBytes: number, name: string): void {
  if (sizeBytes === 0) {
    throw new AppError(
      "FILE_EMPTY",
      `Expected a picture in ${name} but the file has 0 bytes; copy or download it again.`,
      { name },
    );
  }
  if (sizeBytes <= MAX_FILE_BYTES) return;
  throw new AppError(
    "FILE_TOO_LARGE",
    `Expected a file of at most ${MAX_FILE_BYTES} bytes but ${name} has ${sizeBytes}; save it smaller or in a compressed format.`,
    { name, sizeBytes, limitBytes: MAX_FILE_BYTES },
  );
}

function asReadError(error: unknown, path: string): unknown {
  if (error instanceof AppError || !(error instanceof Error) || !("code" in error)) return error;
  if (error.code === "ENOENT" || error.code === "ENOTDIR") {
    return new AppError(
      "FILE_NOT_FOUND",
      `Expected a picture at ${path} but there is no such file; check the name and the folder.`,
      { path },
      { cause: error },
    );
  }
  return new AppError(
    "FILE_UNREADABLE",
    `Expected to read ${path} but the system refused (${String(error.code)}); check that it is a file and that you may read it.`,
    { path, systemCode: String(error.code) },
    { cause: error },
  );
}
