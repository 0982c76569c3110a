import { TURNS } from "../core/turn-raster.js";
import { documentIdSchema, revisionSchema } from "./ids.js";
import { MAX_NAME_CHARS } from "./limits.js";
import { rectSchema, screenImageSchema, sideSchema } from "./pixels.js";
import { z } from "./zod.js";

/** A file's or document's name without its folder; for people, never used as a path. */
export const nameSchema = z
  .string()
  .min(1)
  .max(MAX_NAME_CHARS)
  .refine((name) => !name.includes("\0"), "expected a name without NUL");

/** What made a revision. */
export const revisionKindSchema = z.enum([
  "open",
  "edit",
  "upscale",
  "generate",
  "extend",
  "transform",
]);

/** One state that a person can return to. */
export const historyEntrySchema = z
  .object({ revision: revisionSchema, label: z.string().max(500), kind: revisionKindSchema })
  .readonly();
export type HistoryEntryInfo = z.infer<typeof historyEntrySchema>;

/** What a screen needs to know of an open document; sizes are those of the shown revision. */
export const documentInfoSchema = z
  .object({
    documentId: documentIdSchema,
    name: nameSchema,
    width: sideSchema,
    height: sideSchema,
    /** 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha. */
    channels: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
    /** Bits a sample. */
    depth: z.union([z.literal(8), z.literal(16)]),
    hasAlpha: z.boolean(),
    /** The file format that the picture was opened from, such as `jpeg`; `none` if it was made here. */
    format: z.string().max(32),
    hasIccProfile: z.boolean(),
    /** The shown state; an entry of `history`. */
    revision: revisionSchema,
    canUndo: z.boolean(),
    canRedo: z.boolean(),
    /** Oldest first, undone states included. */
    history: z.array(historyEntrySchema).min(1).readonly(),
    /** True if the shown state was not written to a file. */
    isDirty: z.boolean(),
    /** How many of the oldest states were dropped so far to keep the history within its budget. */
    forgottenStates: z.int().min(0).optional(),
  })
  .readonly();
export type DocumentInfo = z.infer<typeof documentInfoSchema>;

/** One tile of a document, box-reduced by `2^level`; at the right and lower border it is smaller. */
export const tileSchema = screenImageSchema({});
export type Tile = z.infer<typeof tileSchema>;

/** What one scale of a region's Haar pyramid holds, as a small picture. */
export const scaleThumbnailSchema = screenImageSchema({ scale: z.int().min(0) });
export type ScaleThumbnail = z.infer<typeof scaleThumbnailSchema>;

/** File formats that a document can be exported to. */
export const EXPORT_FORMATS = ["png", "jpeg", "webp", "tiff", "avif"] as const;
export const exportFormatSchema = z.enum(EXPORT_FORMATS);
export type ExportFormat = z.infer<typeof exportFormatSchema>;

/** A project: OpenRaster, which holds the layers for other programs and the whole history for this one. */
export const PROJECT_FORMAT = "ora";
/** Everything that a document can be saved as. */
export const SAVE_FORMATS = [...EXPORT_FORMATS, PROJECT_FORMAT] as const;
export type SaveFormat = (typeof SAVE_FORMATS)[number];

/** How a document is written to a file. */
export const exportOptionsSchema = z.object({
  documentId: documentIdSchema,
  format: z.enum(SAVE_FORMATS),
  /** 1..100; formats without loss ignore it. */
  quality: z.int().min(1).max(100),
  /** Writes prompt, seed, model and scales into the file's metadata; a project always tells them. */
  embedRecipe: z.boolean(),
  /** Which of the picture's own EXIF, IPTC and XMP goes along; `all` by default. The colour profile always does. */
  metadata: z.enum(["all", "no-location", "none"]).optional(),
});

/** A change of the picture's frame that computes no pixel: a part of it, or a turn or mirroring. */
export const transformSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("crop"), rect: rectSchema }),
  z.object({ kind: z.literal("turn"), turn: z.enum(TURNS) }),
]);
export type Transform = z.infer<typeof transformSchema>;

/** A document that an earlier run of the app left behind. */
export const recoverySchema = z
  .object({
    recoveryId: z.string().min(1).max(200),
    name: nameSchema,
    width: sideSchema,
    height: sideSchema,
    /** Milliseconds since 1970 of its last change. */
    changedAt: z.number().min(0),
    edits: z.int().min(0),
  })
  .readonly();
export type Recovery = z.infer<typeof recoverySchema>;
