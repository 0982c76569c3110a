import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import {
  createSamples,
  type BitDepth,
  type ChannelCount,
  type Samples,
} from "../../core/raster.js";
import { asWriteError } from "../process/atomic-write.js";

/** A picture of its own in a file: raw samples, row by row. */
export interface RasterFile {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly channels: ChannelCount;
  readonly depth: BitDepth;
}

/**
 * Writes a picture's raw samples to disk as they come, so that it never lies in memory as a whole.
 * Until it is finished the file has the name of its key: whoever died while writing it finds it again.
 */
export class RowFile {
  #rows = 0;

  private constructor(
    private readonly folder: string,
    private readonly part: string,
    private readonly format: Omit<RasterFile, "path">,
    private readonly handle: FileHandle,
  ) {}

  /**
   * Opens a file in `folder`, which is made if it is not there.
   * @param key letters and digits; the same only for the same picture
   * @throws AppError TARGET_UNWRITABLE
   */
  static async open(
    folder: string,
    { width, height, channels, depth }: Omit<RasterFile, "path">,
    key: string,
  ): Promise<RowFile> {
    const part = join(folder, `${key}.part`);
    try {
      await mkdir(folder, { recursive: true });
      const handle = await open(part, constants.O_RDWR | constants.O_CREAT, 0o600);
      return new RowFile(folder, part, { width, height, channels, depth }, handle);
    } catch (error) {
      throw asWriteError(error, part);
    }
  }

  /**
   * Takes over the rows that are there already; to be called before anything is written.
   * @param step rows that belong together, cut off where they are not whole; null to keep none
   * @returns how many rows are kept
   */
  async keep(step: number | null): Promise<number> {
    const { size } = await this.handle.stat();
    const found = Math.min(this.format.height, Math.floor(size / this.#rowBytes));
    this.#rows = step === null ? 0 : Math.floor(found / step) * step;
    await this.handle.truncate(this.#rows * this.#rowBytes);
    return this.#rows;
  }

  /** A row that is there. */
  async read(row: number): Promise<Samples> {
    const samples = createSamples(this.format.depth, this.format.width * this.format.channels);
    const bytes = new Uint8Array(samples.buffer);
    await this.handle.read(bytes, 0, bytes.byteLength, row * bytes.byteLength);
    return samples;
  }

  /** Appends rows. @throws AppError DISK_FULL, TARGET_UNWRITABLE */
  async write(rows: Samples, count: number): Promise<void> {
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    const start = this.#rows * this.#rowBytes;
    try {
      for (let at = 0; at < bytes.byteLength;) {
        const { bytesWritten } = await this.handle.write(bytes, at, undefined, start + at);
        at += bytesWritten;
      }
      this.#rows += count;
    } catch (error) {
      throw asWriteError(error, this.part);
    }
  }

  /** Flushes and closes the file, which is then the caller's. @throws AppError DISK_FULL, TARGET_UNWRITABLE */
  async finish(): Promise<RasterFile> {
    const path = join(this.folder, `${randomBytes(8).toString("hex")}.raw`);
    try {
      await this.handle.sync();
      await this.handle.close();
      await rename(this.part, path);
      return { ...this.format, path };
    } catch (error) {
      throw asWriteError(error, this.part);
    }
  }

  /** Closes and removes the file. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.part, { force: true });
  }

  get #rowBytes(): number {
    const { width, channels, depth } = this.format;
    return (width * channels * depth) / 8;
  }
}
