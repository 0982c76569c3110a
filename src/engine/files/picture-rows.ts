import { createHash } from "node:crypto";
import { once } from "node:events";
import { open, rm, type FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createDeflate } from "node:zlib";
import type { Raster, Samples } from "../../core/raster.js";
import { asWriteError } from "../process/atomic-write.js";
import type { Fingerprint } from "./fingerprint.js";
import { chunk, HEADER_END, metadataChunks } from "./png-chunks.js";
import { colourspaceOf } from "./raw-image.js";
import { recipeTexts, type Recipe } from "./recipe.js";
import { sharp } from "./sharp.js";
import {
  describedMetadata,
  encoderOf,
  requireFitting,
  type WriteOptions,
} from "./write-picture.js";

/** How a picture is written whose rows come one after another. */
export interface RowsOptions extends Omit<WriteOptions, "recipe"> {
  /** What made the picture, once its pixels are known; null to write nothing about it. */
  readonly recipe: (result: Fingerprint) => Recipe | null;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** PNG's names for 1 to 4 channels. */
const COLOUR_TYPES = [0, 0, 4, 2, 6];
const PART_BYTES = 256 * 1024;
const UNKNOWN_HASH = "0".repeat(64);

/**
 * Writes a picture file row by row: the same file as `writePicture` makes, without ever holding the
 * picture. sharp takes raw samples only as one buffer, but reads a PNG row by row; so the rows first
 * go into a PNG without compression beside the target, from which the file is then encoded. (WebP and
 * AVIF encoders take the picture as a whole; with them only the rows' way here is short of memory.)
 */
export class PictureRows {
  readonly #deflate = createDeflate({ level: 0, chunkSize: PART_BYTES });
  readonly #hash = createHash("sha256");
  readonly #written: Promise<void>;

  private constructor(
    private readonly path: string,
    private readonly format: Omit<Raster, "data">,
    private readonly options: RowsOptions,
    private readonly carrier: FileHandle,
  ) {
    this.#written = pipeline(this.#deflate, async (parts: AsyncIterable<Uint8Array>) => {
      for await (const part of parts) await carrier.writeFile(chunk("IDAT", part));
    });
    // Awaited in `finish`; until then `write` meets the same failure.
    this.#written.catch(() => undefined);
  }

  /**
   * @param path where the file is made, in the folder where there is room for it
   * @throws AppError TARGET_FORMAT_UNSUPPORTED, TARGET_UNWRITABLE
   */
  static async create(
    path: string,
    format: Omit<Raster, "data">,
    options: RowsOptions,
  ): Promise<PictureRows> {
    requireFitting(format, options.format);
    const carrier = await open(carrierOf(path), "wx").catch((error: unknown) => {
      throw asWriteError(error, path);
    });
    const rows = new PictureRows(path, format, options, carrier);
    await carrier.writeFile(rows.#head(UNKNOWN_HASH));
    return rows;
  }

  /** Appends rows. @throws AppError DISK_FULL, TARGET_UNWRITABLE */
  async write(rows: Samples, count: number): Promise<void> {
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    this.#hash.update(bytes);
    const length = bytes.byteLength / count;
    const lines = Buffer.alloc(bytes.byteLength + count);
    for (let row = 0; row < count; row++) {
      // The byte before each line names its filter: none.
      const line = lines.subarray(row * (length + 1) + 1, (row + 1) * (length + 1));
      line.set(bytes.subarray(row * length, (row + 1) * length));
      if (this.format.depth === 16) line.swap16();
    }
    try {
      if (!this.#deflate.write(lines)) await once(this.#deflate, "drain");
    } catch (error) {
      throw asWriteError(error, this.path);
    }
  }

  /** Makes the file at its path, flushed to disk. @throws AppError DISK_FULL, TARGET_UNWRITABLE */
  async finish(): Promise<void> {
    const sha256 = this.#hash.digest("hex");
    try {
      this.#deflate.end();
      await this.#written;
      await this.carrier.writeFile(chunk("IEND", new Uint8Array(0)));
      // The same length as before: only a hash in it is another one.
      const head = this.#head(sha256);
      await this.carrier.write(head, 0, head.byteLength, 0);
      await this.carrier.close();
      await (this.options.format === "png" ? this.#encodePng(sha256) : this.#encode());
    } catch (error) {
      throw asWriteError(error, this.path);
    } finally {
      await this.#removeCarrier();
    }
  }

  /** Gives up; nothing is left. */
  async discard(): Promise<void> {
    this.#deflate.destroy();
    await this.#removeCarrier();
    await rm(this.path, { force: true });
  }

  /** Everything before the pixels. A PNG gets its metadata later, from here it would not get through. */
  #head(sha256: string): Uint8Array {
    const { width, height, channels, depth } = this.format;
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header[8] = depth;
    header[9] = COLOUR_TYPES[channels] ?? 0;
    const metadata = this.options.format === "png" ? [] : this.#metadata(sha256, false);
    return Buffer.concat([SIGNATURE, chunk("IHDR", header), ...metadata]);
  }

  #metadata(sha256: string, hasTexts: boolean): Uint8Array[] {
    const { width, height, channels, depth } = this.format;
    const recipe = this.options.recipe({ width, height, channels, depth, sha256 });
    const described = describedMetadata({ ...this.options, recipe });
    return metadataChunks(described, recipe && hasTexts ? recipeTexts(recipe) : []);
  }

  async #encode(): Promise<void> {
    const { format, quality } = this.options;
    const image = this.#image();
    await encoderOf(image.keepMetadata(), this.format, format, quality).toFile(this.path);
    await flush(this.path);
  }

  async #encodePng(sha256: string): Promise<void> {
    const { format, quality } = this.options;
    const { channels, depth } = this.format;
    const bare = `${this.path}.bare`;
    try {
      const image = this.#image().toColourspace(colourspaceOf(channels, depth));
      await encoderOf(image, this.format, format, quality).toFile(bare);
      await this.#removeCarrier();
      await copyWith(bare, this.path, this.#metadata(sha256, true));
    } finally {
      await rm(bare, { force: true });
    }
  }

  #image() {
    return sharp(carrierOf(this.path), { ignoreIcc: true, limitInputPixels: false });
  }

  async #removeCarrier(): Promise<void> {
    await this.carrier.close().catch(() => undefined);
    await rm(carrierOf(this.path), { force: true });
  }
}

function carrierOf(path: string): string {
  return `${path}.rows`;
}

/** Copies a PNG with chunks put in behind its header. */
async function copyWith(from: string, to: string, chunks: readonly Uint8Array[]): Promise<void> {
  const source = await open(from, "r");
  try {
    const target = await open(to, "wx");
    try {
      const head = Buffer.alloc(HEADER_END);
      await source.read(head, 0, HEADER_END, 0);
      await target.writeFile(Buffer.concat([head, ...chunks]));
      const rest = source.createReadStream({ start: HEADER_END, autoClose: false });
      // Proof of the cast: a stream that was given no encoding yields bytes.
      for await (const part of rest) await target.writeFile(part as Uint8Array);
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
