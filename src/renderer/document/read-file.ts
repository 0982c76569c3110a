import { AppError } from "../../core/errors.js";
import { MAX_FILE_BYTES, MAX_NAME_CHARS } from "../../shared/limits.js";
import type { PickedFile } from "../app/platform.js";

/** A picture file as the engine takes it. */
export interface ReadFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads a picked, dropped or pasted file.
 * @throws AppError FILE_TOO_LARGE before anything is read, FILE_UNREADABLE
 */
export async function readPickedFile(file: PickedFile): Promise<ReadFile> {
  if (file.byteLength > MAX_FILE_BYTES) {
    throw new AppError(
      "FILE_TOO_LARGE",
      `Expected a file of at most ${MAX_FILE_BYTES / 1024 / 1024} MB but ${file.name} has ${Math.ceil(file.byteLength / 1024 / 1024)} MB. Save it smaller or in another format first.`,
      { byteLength: file.byteLength },
    );
  }
  try {
    return { name: file.name.slice(-MAX_NAME_CHARS), bytes: await file.read() };
  } catch (error) {
    throw new AppError(
      "FILE_UNREADABLE",
      `Expected a file that can be read but ${file.name} cannot: it may be a folder, or it was moved. Drop the picture file itself.`,
      {},
      { cause: error },
    );
  }
}
