import { randomBytes } from "node:crypto";
import { mkdir, open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { BitDepth, ChannelCount, Samples } from "../../core/raster.js";
import { asWriteError } from "../process/atomic-write.js";

/** A picture of its own in a file: raw samples, row by row. */
export interface RasterFile {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly channels: ChannelCount;
  readonly depth: BitDepth;
}

/** Writes a picture's raw samples to disk as they come, so that it never lies in memory as a whole. */
export class RowFile {
  private constructor(
    private readonly file: RasterFile,
    private readonly handle: FileHandle,
  ) {}

  /** Opens a new file in `folder`, which is made if it is not there. @throws AppError TARGET_UNWRITABLE */
  static async create(folder: string, format: Omit<RasterFile, "path">): Promise<RowFile> {
    const path = join(folder, `${randomBytes(8).toString("hex")}.raw`);
    try {
      await mkdir(folder, { recursive: true });
      const { width, height, channels, depth } = format;
      return new RowFile({ path, width, height, channels, depth }, await open(path, "wx"));
    } catch (error) {
      throw asWriteError(error, path);
    }
  }

  /** Appends rows. @throws AppError DISK_FULL, TARGET_UNWRITABLE */
  async write(rows: Samples): Promise<void> {
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    try {
      for (let at = 0; at < bytes.byteLength;) {
        at += (await this.handle.write(bytes, at)).bytesWritten;
      }
    } catch (error) {
      throw asWriteError(error, this.file.path);
    }
  }

  /** Flushes and closes the file, which is then the caller's. @throws AppError DISK_FULL, TARGET_UNWRITABLE */
  async finish(): Promise<RasterFile> {
    try {
      await this.handle.sync();
      await this.handle.close();
      return this.file;
    } catch (error) {
      throw asWriteError(error, this.file.path);
    }
  }

  /** Closes and removes the file, finished or not. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.file.path, { force: true });
  }
}
