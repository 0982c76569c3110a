import { documentIdSchema, revisionSchema } from "../../shared/ids.js";
import { nameSchema, revisionKindSchema } from "../../shared/documents.js";
import { rectSchema, sideSchema } from "../../shared/pixels.js";
import { z } from "../../shared/zod.js";
import { forgottenFields, recipeStepSchema } from "../files/recipe.js";

/** A file of the document's own folder. */
const blobNameSchema = z.string().regex(/^[a-z0-9-]{1,64}\.bin$/);

const channelsSchema = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]);
const depthSchema = z.union([z.literal(8), z.literal(16)]);

/** The pixels of a revision: a whole picture, or what changed against the revision before. */
const contentSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("raster"),
    file: blobNameSchema,
    width: sideSchema,
    height: sideSchema,
    channels: channelsSchema,
    depth: depthSchema,
  }),
  z.object({ type: z.literal("patch"), file: blobNameSchema, rect: rectSchema }),
]);
export type RevisionContent = z.infer<typeof contentSchema>;

const entrySchema = z
  .object({
    revision: revisionSchema,
    label: z.string(),
    kind: revisionKindSchema,
    content: contentSchema,
    recipe: recipeStepSchema.nullable(),
  })
  .readonly();
export type StoredEntry = z.infer<typeof entrySchema>;

/** The file `document.json` of an open document; pixels and metadata lie beside it. */
export const documentFileSchema = z
  .object({
    version: z.literal(1),
    documentId: documentIdSchema,
    name: nameSchema,
    format: z.string(),
    /** Opened for one job of a batch: neither shown to a page that comes later nor recovered. */
    isTransient: z.boolean().optional(),
    ...forgottenFields,
    metadata: z.object({
      icc: blobNameSchema.nullable(),
      exif: blobNameSchema.nullable(),
      xmp: blobNameSchema.nullable(),
    }),
    state: z.object({
      entries: z.array(entrySchema).min(1).readonly(),
      cursor: z.int().min(0),
      nextRevision: z.int().min(1),
      savedRevision: z.int().min(0).nullable(),
    }),
  })
  .refine(
    ({ state }) =>
      state.cursor < state.entries.length && state.entries[0]?.content.type === "raster",
    "expected a cursor within the history, which begins with a whole picture",
  )
  .readonly();
export type DocumentFile = z.infer<typeof documentFileSchema>;
