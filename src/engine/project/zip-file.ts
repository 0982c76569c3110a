import { buffer } from "node:stream/consumers";
import { makeZip } from "client-zip";
import { fromBufferPromise, type Entry, type ZipFile } from "yauzl";
import { AppError } from "../../core/errors.js";
import { MAX_FILE_BYTES } from "../../shared/limits.js";
import { plainBytes } from "../store/plain-bytes.js";

/** A history of ten thousand states is longer than anyone's; more files are an attack on memory. */
const MAX_ENTRIES = 20_000;

/** A file to pack, or one that was packed. */
export interface PackedFile {
  /** With slashes, below no folder that has to exist. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Files in their order, stored as they are: what a project holds is compressed already. */
export async function packFiles(files: AsyncIterable<PackedFile>): Promise<Uint8Array> {
  const inputs = async function* () {
    for await (const { path, bytes } of files) {
      // One date for all, so that the same document gives the same bytes.
      yield { name: path, input: plainBytes(bytes), lastModified: new Date(1980, 0, 1) };
    }
  };
  return plainBytes(await buffer(makeZip(inputs())));
}

/** The files of a zip that is held in memory; each is unpacked when it is asked for. */
export interface ZipReader {
  has(path: string): boolean;
  /** @throws AppError IMAGE_DAMAGED if it is not there, is longer than a picture file may be, or is damaged */
  read(path: string): Promise<Uint8Array>;
}

/**
 * Reads a zip's list of files. Nothing is ever written under the names that it gives.
 * @throws AppError IMAGE_DAMAGED
 */
export async function openZip(bytes: Uint8Array, name: string): Promise<ZipReader> {
  try {
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const zip = await fromBufferPromise(source, { lazyEntries: true, strictFileNames: true });
    const entries = await listEntries(zip);
    return {
      has: (path) => entries.has(path),
      read: (path) => readEntry(zip, entries.get(path), path, name),
    };
  } catch (error) {
    throw damagedProject(name, error instanceof Error ? error.message : String(error), error);
  }
}

async function listEntries(zip: ZipFile): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (entries.size === MAX_ENTRIES) throw new RangeError(`it has more than ${MAX_ENTRIES} files`);
    entries.set(entry.fileName, entry);
  }
  return entries;
}

async function readEntry(
  zip: ZipFile,
  entry: Entry | undefined,
  path: string,
  name: string,
): Promise<Uint8Array> {
  if (entry === undefined) throw damagedProject(name, `it has no ${path}`);
  if (entry.uncompressedSize > MAX_FILE_BYTES) {
    throw damagedProject(name, `${path} in it is larger than ${MAX_FILE_BYTES} bytes`);
  }
  try {
    return plainBytes(await buffer(await zip.openReadStreamPromise(entry)));
  } catch (error) {
    throw damagedProject(name, `${path} in it cannot be read`, error);
  }
}

/** The failure of a project file that breaks off, lies or is none. */
export function damagedProject(name: string, problem: string, cause?: unknown): AppError {
  return new AppError(
    "IMAGE_DAMAGED",
    `Expected a readable OpenRaster file but ${name} is damaged (${problem.slice(0, 200)}); try another copy.`,
    { name },
    { cause },
  );
}
