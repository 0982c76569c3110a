import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../core/errors.js";
import { draftSchema, type Draft } from "../../shared/drafts.js";
import { decodeFrame, encodeFrame } from "../../shared/framing.js";
import type { PictureMetadata } from "../files/metadata.js";
import { writeFileAtomically } from "../process/atomic-write.js";
import { documentFileSchema, type DocumentFile } from "./document-file.js";

const INDEX_NAME = "document.json";
/** What was begun on the document; written anew each time, and good for nothing if it is damaged. */
const DRAFT_NAME = "draft.bin";
/** Holds one folder a document, within a session folder. */
export const DOCUMENTS_FOLDER = "documents";

/**
 * One open document on disk. Blobs are written first and never changed, the index last and as a
 * whole: whenever the process dies, the index names only blobs that are complete.
 */
export class DocumentFolder {
  constructor(readonly path: string) {}

  get indexPath(): string {
    return join(this.path, INDEX_NAME);
  }

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true });
  }

  async exists(): Promise<boolean> {
    return (await stat(this.path).catch(() => null)) !== null;
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** Writes bytes under a new name, which is returned. */
  async writeBlob(kind: string, bytes: Uint8Array): Promise<string> {
    const name = `${kind}-${randomBytes(8).toString("hex")}.bin`;
    await writeFileAtomically(join(this.path, name), bytes);
    return name;
  }

  /** Takes over a file of the same session folder, flushed already, under a new name, which is returned. */
  async adoptBlob(kind: string, path: string): Promise<string> {
    const name = `${kind}-${randomBytes(8).toString("hex")}.bin`;
    await rename(path, join(this.path, name));
    return name;
  }

  /** @throws AppError IMAGE_DAMAGED if the blob is gone or has another length than `expectedBytes` */
  async readBlob(name: string, expectedBytes?: number): Promise<Uint8Array> {
    const bytes = await readFile(join(this.path, name)).catch(() => null);
    if (bytes !== null && (expectedBytes ?? bytes.byteLength) === bytes.byteLength) return bytes;
    throw new AppError(
      "IMAGE_DAMAGED",
      `Expected ${expectedBytes ?? "some"} bytes of ${name} in the session folder but they are not there; open the picture again.`,
      { file: name },
    );
  }

  async writeMetadata({ icc, exif, xmp }: PictureMetadata): Promise<DocumentFile["metadata"]> {
    return {
      icc: icc && (await this.writeBlob("icc", icc)),
      exif: exif && (await this.writeBlob("exif", exif)),
      xmp: xmp === null ? null : await this.writeBlob("xmp", Buffer.from(xmp, "utf8")),
    };
  }

  async readMetadata({ icc, exif, xmp }: DocumentFile["metadata"]): Promise<PictureMetadata> {
    return {
      icc: icc === null ? null : await this.readBlob(icc),
      exif: exif === null ? null : await this.readBlob(exif),
      xmp: xmp === null ? null : Buffer.from(await this.readBlob(xmp)).toString("utf8"),
    };
  }

  async writeDraft(draft: Draft): Promise<void> {
    await writeFileAtomically(join(this.path, DRAFT_NAME), encodeFrame(draft));
  }

  /** The draft, or null if there is none that can be read. */
  async readDraft(): Promise<Draft | null> {
    try {
      const bytes = await readFile(join(this.path, DRAFT_NAME));
      // Parts of it are views, which must be plain ones.
      return draftSchema.parse(decodeFrame(new Uint8Array(bytes)));
    } catch {
      return null;
    }
  }

  async writeIndex(file: DocumentFile): Promise<void> {
    const text = JSON.stringify(file, null, 2);
    await writeFileAtomically(this.indexPath, Buffer.from(text, "utf8"));
  }

  /** The index, or null if there is no such document. @throws AppError IMAGE_DAMAGED */
  async readIndex(): Promise<DocumentFile | null> {
    const text = await readFile(this.indexPath, "utf8").catch(() => null);
    if (text === null) return null;
    try {
      return documentFileSchema.parse(JSON.parse(text));
    } catch (error) {
      throw new AppError(
        "IMAGE_DAMAGED",
        `Expected a readable ${INDEX_NAME} in the session folder but it is damaged; open the picture again.`,
        { file: INDEX_NAME },
        { cause: error },
      );
    }
  }

  /** Removes blobs that the index does not name: left by a crash, or by undone states that were cut. */
  async sweep({ metadata, state }: DocumentFile): Promise<void> {
    const kept = new Set<string | null>([
      INDEX_NAME,
      DRAFT_NAME,
      ...Object.values(metadata),
      ...state.entries.map(({ content }) => content.file),
    ]);
    for (const name of await readdir(this.path)) {
      if (!kept.has(name)) await unlink(join(this.path, name)).catch(() => undefined);
    }
  }
}
