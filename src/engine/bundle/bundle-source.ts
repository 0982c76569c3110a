import { createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";

/** Where a bundle is imported from; files are asked for by their bare names. */
export interface BundleSource {
  /** For messages: the file or folder as its owner knows it. */
  readonly name: string;
  /** Bytes that a file says it has, or null if it is not there. */
  sizeOf(file: string): Promise<number | null>;
  /** Its content; the stream fails if it is longer or shorter than it said. */
  read(file: string): Promise<Readable>;
  close(): Promise<void>;
}

/** A bundle in a folder. Links in it are not followed: they are not there. */
export function openFolderSource(folder: string): BundleSource {
  return {
    name: folder,
    sizeOf: async (file) => {
      const stats = await lstat(join(folder, file)).catch(() => null);
      return stats?.isFile() === true ? stats.size : null;
    },
    read: async (file) => createReadStream(join(folder, file)),
    close: async () => undefined,
  };
}
