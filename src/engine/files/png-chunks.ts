import { crc32, deflateSync } from "node:zlib";
import type { PictureMetadata } from "./metadata.js";

/** Signature plus the header chunk, which has to come first: 8 + 4 + 4 + 13 + 4 bytes. */
export const HEADER_END = 33;

/** A text that a PNG carries under a keyword. */
export interface PngText {
  /** 1..79 Latin-1 characters. */
  readonly keyword: string;
  readonly text: string;
}

/**
 * A PNG with metadata put in right behind its header.
 *
 * sharp attaches a profile only together with a conversion of the samples *into* that profile, and
 * cannot write texts at all; with these chunks in an intermediate PNG, it passes them on unchanged to
 * every other format.
 */
export function insertMetadata(
  png: Uint8Array,
  metadata: PictureMetadata,
  texts: readonly PngText[] = [],
): Uint8Array {
  const chunks = metadataChunks(metadata, texts);
  if (chunks.length === 0) return png;
  return Buffer.concat([png.subarray(0, HEADER_END), ...chunks, png.subarray(HEADER_END)]);
}

/** The chunks of a picture's metadata, which come right behind the header. */
export function metadataChunks(
  metadata: PictureMetadata,
  texts: readonly PngText[] = [],
): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  if (metadata.icc) {
    const head = Buffer.from("ICC profile\0\0", "latin1");
    chunks.push(chunk("iCCP", Buffer.concat([head, deflateSync(metadata.icc)])));
  }
  if (metadata.exif) chunks.push(chunk("eXIf", metadata.exif));
  if (metadata.xmp !== null) {
    chunks.push(textChunk({ keyword: "XML:com.adobe.xmp", text: metadata.xmp }));
  }
  chunks.push(...texts.map(textChunk));
  return chunks;
}

/** International text: UTF-8, not compressed, no language. */
function textChunk({ keyword, text }: PngText): Uint8Array {
  const head = Buffer.from(`${keyword}\0\0\0\0\0`, "latin1");
  return chunk("iTXt", Buffer.concat([head, Buffer.from(text, "utf8")]));
}

/** One chunk: length, type, data and checksum. */
export function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + data.byteLength);
  bytes.writeUInt32BE(data.byteLength, 0);
  bytes.write(type, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.byteLength)), 8 + data.byteLength);
  return bytes;
}
