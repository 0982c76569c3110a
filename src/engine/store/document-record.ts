import type { DocumentState, HistoryEntry } from "../../core/document/history.js";
import { AppError } from "../../core/errors.js";
import type { DocumentId } from "../../shared/ids.js";
import { documentIdSchema, revisionSchema } from "../../shared/ids.js";
import { nameSchema, revisionKindSchema } from "../../shared/documents.js";
import { describeIssues } from "../../shared/errors.js";
import { z } from "../../shared/zod.js";
import type { PictureMetadata } from "../files/metadata.js";

const sizeSchema = z.int().min(1).max(200_000);

/** Where the pixels of a revision lie: a whole picture, or a patch over the revision before. */
const pixelsSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("raster"),
    file: z.string(),
    width: sizeSchema,
    height: sizeSchema,
    channels: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
    depth: z.union([z.literal(8), z.literal(16)]),
  }),
  z.object({
    kind: z.literal("patch"),
    file: z.string(),
    x: z.int(),
    y: z.int(),
    width: sizeSchema,
    height: sizeSchema,
  }),
]);
export type StoredPixels = z.infer<typeof pixelsSchema>;

const stepSchema = z.object({
  kind: z.enum(["edit", "upscale", "generate"]),
  model: z.string(),
  seed: z.number(),
  prompt: z.string(),
  settings: z.record(z.string(), z.union([z.number(), z.string()])),
});

const entrySchema = z.object({
  revision: revisionSchema,
  label: z.string(),
  kind: revisionKindSchema,
  pixels: pixelsSchema,
  /** What made it; null for an opened file. */
  step: stepSchema.nullable(),
});

/** A revision as it lies on disk. */
export type StoredEntry = HistoryEntry & z.infer<typeof entrySchema>;

const recordSchema = z.object({
  format: z.literal("spectral-document"),
  version: z.literal(1),
  documentId: documentIdSchema,
  name: nameSchema,
  /** The file format it was opened from, or `none`. */
  fileFormat: z.string(),
  metadata: z.object({
    icc: z.string().nullable(),
    exif: z.string().nullable(),
    xmp: z.string().nullable(),
  }),
  state: z.object({
    entries: z.array(entrySchema).min(1),
    cursor: z.int().min(0),
    nextRevision: revisionSchema,
    savedRevision: revisionSchema.nullable(),
  }),
});

/** Everything about a document but its pixels. */
export interface DocumentRecord {
  readonly documentId: DocumentId;
  readonly name: string;
  readonly fileFormat: string;
  readonly metadata: PictureMetadata;
  readonly state: DocumentState<StoredEntry>;
}

/** JSON of a record, binary metadata as base64. */
export function serialiseRecord(record: DocumentRecord): string {
  const { documentId, name, fileFormat, metadata, state } = record;
  const stored: z.infer<typeof recordSchema> = {
    format: "spectral-document",
    version: 1,
    documentId,
    name,
    fileFormat,
    metadata: {
      icc: toBase64(metadata.icc),
      exif: toBase64(metadata.exif),
      xmp: metadata.xmp,
    },
    state: { ...state, entries: [...state.entries] },
  };
  return `${JSON.stringify(stored)}\n`;
}

/** Inverse of {@link serialiseRecord}. @throws AppError INTERNAL if the text is not a record */
export function parseRecord(text: string, path: string): DocumentRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, String(error), error);
  }
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) throw unreadable(path, describeIssues(parsed.error), parsed.error);
  const { documentId, name, fileFormat, metadata, state } = parsed.data;
  if (state.cursor >= state.entries.length) {
    throw unreadable(path, `cursor ${state.cursor} of ${state.entries.length} states`, null);
  }
  return {
    documentId,
    name,
    fileFormat,
    metadata: {
      icc: fromBase64(metadata.icc),
      exif: fromBase64(metadata.exif),
      xmp: metadata.xmp,
    },
    state,
  };
}

function unreadable(path: string, problem: string, cause: unknown): AppError {
  return new AppError(
    "INTERNAL",
    `Expected the session's document record at ${path} to be readable but ${problem}; open the picture again.`,
    { path },
    { cause },
  );
}

function toBase64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("base64");
}

function fromBase64(text: string | null): Uint8Array | null {
  return text === null ? null : Uint8Array.from(Buffer.from(text, "base64"));
}
