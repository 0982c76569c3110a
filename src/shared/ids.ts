import { z } from "./zod.js";

/** Opaque names: letters, digits, `-`, `_` and inner dots, so that they are also safe as file names. */
const opaqueName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/, "expected letters, digits, - and _");

/** Names an open document; made by the engine, never used twice within a session folder. */
export const documentIdSchema = opaqueName.brand<"DocumentId">();
export type DocumentId = z.infer<typeof documentIdSchema>;

/** Names a job; made by the engine. */
export const jobIdSchema = opaqueName.brand<"JobId">();
export type JobId = z.infer<typeof jobIdSchema>;

/** Names a bundle: the `id` of its manifest. */
export const modelIdSchema = opaqueName.brand<"ModelId">();
export type ModelId = z.infer<typeof modelIdSchema>;

/**
 * Names one state of a document for good: counted up from 0 and never used again, not even after
 * undone states were dropped. Whatever is cached under (document, revision) stays true.
 */
export const revisionSchema = z.int().min(0);
