import { documentInfoSchema } from "./documents.js";
import { appErrorDataSchema } from "./errors.js";
import { documentIdSchema, jobIdSchema } from "./ids.js";
import { jobStageSchema } from "./jobs.js";
import { MAX_VARIATIONS } from "./limits.js";
import { deviceInfoSchema, installedModelSchema } from "./models.js";
import { rectSchema, screenImageSchema } from "./pixels.js";
import { settingsSchema } from "./settings.js";
import { z } from "./zod.js";

const finishedFields = {
  jobId: jobIdSchema,
  kind: z.enum(["edit", "upscale", "generate", "extend"]),
  documentId: documentIdSchema.nullable(),
  rect: rectSchema,
  changedPixels: z.int().min(0),
};
/** A finished job without its pictures. */
export const finishedJobSchema = z.object(finishedFields).readonly();

/**
 * Topics that the engine sends; hosts pass them on unchanged. No message holds more than one picture,
 * because a host stands still while it takes a message in.
 */
export const engineEventSchemas = {
  /** How far a job is. `done` of `total` steps of the stage; `secondsLeft` null while unknown. */
  "job-progress": z.object({
    jobId: jobIdSchema,
    stage: jobStageSchema,
    /** The scale being drawn, or null outside of drawing. */
    scale: z.int().min(0).nullable(),
    done: z.number().min(0),
    total: z.number().min(0),
    secondsLeft: z.number().min(0).nullable(),
    /** Tokens or output megapixels a second, where known. */
    rate: z
      .object({ value: z.number().min(0), unit: z.enum(["tokens", "megapixels"]) })
      .readonly()
      .optional(),
  }),
  /** The region as a person would see it if the job stopped after `scale`; `rect` in document pixels. */
  "job-preview": screenImageSchema({
    jobId: jobIdSchema,
    scale: z.int().min(0),
    /** Which of the job's variations; 0 if it is not told. */
    variation: z.int().min(0).optional(),
    rect: rectSchema,
  }),
  /**
   * The final picture of a variation, as `job-finished` has that of the first. Those of a job all come
   * before its `job-finished`, in order; if the job is run again, they come again.
   */
  "job-variation": screenImageSchema({
    jobId: jobIdSchema,
    variation: z
      .int()
      .min(1)
      .max(MAX_VARIATIONS - 1),
  }),
  /**
   * Edit, extend: the final region. Upscale, generate: the whole picture. Reduced to at most 1024 a
   * side; of several variations the first.
   */
  "job-finished": screenImageSchema(finishedFields),
  "job-failed": z.object({ jobId: jobIdSchema, error: appErrorDataSchema }),
  "job-cancelled": z.object({ jobId: jobIdSchema }),
  "document-changed": documentInfoSchema,
  /** Another device was chosen, or the chosen one failed and was replaced. */
  "device-changed": deviceInfoSchema.unwrap().extend({
    /** Why, where it was nobody's wish. */
    reason: z.string().max(2_000).optional(),
  }),
  /** A bundle was imported or removed. */
  "models-changed": z.object({
    models: z.array(installedModelSchema).readonly(),
    modelProblems: z.array(appErrorDataSchema).readonly(),
  }),
} as const;

/** Topics that a host adds. */
export const hostEventSchemas = {
  /** The engine process was replaced; documents are whole, a job that ran begins once more. */
  "engine-restarted": z.object({
    reason: z.string(),
    /** True if the host replaced it, so that a cancel works: nothing has failed. */
    isDeliberate: z.boolean().optional(),
  }),
  /** A document was closed, here or in another window. */
  "document-closed": z.object({ documentId: documentIdSchema }),
  /** A result was taken or thrown away, here or in another window. */
  "job-settled": z.object({ jobId: jobIdSchema }),
  /** A file was opened from outside of the page: the system, a menu, a second start of the app. */
  "document-opened": documentInfoSchema,
  /** Opening a file from outside of the page failed. */
  "open-failed": appErrorDataSchema,
  /** A menu's entry was chosen; the command is one that `setMenu` named. */
  "menu-command": z.object({ command: z.string().min(1).max(64) }),
  /** Settings were changed here or in another window. */
  "settings-changed": settingsSchema,
} as const;

/** Every topic that a screen can subscribe to, with the schema of its payload. */
export const eventSchemas = { ...engineEventSchemas, ...hostEventSchemas } as const;

export type EngineTopic = keyof typeof engineEventSchemas;
export type Topic = keyof typeof eventSchemas;
export type Events = { readonly [T in Topic]: z.infer<(typeof eventSchemas)[T]> };
export type EngineEvents = { readonly [T in EngineTopic]: Events[T] };

/** True for one of the names of {@link eventSchemas}, nothing inherited. */
export function isTopic(value: unknown): value is Topic {
  return typeof value === "string" && Object.hasOwn(eventSchemas, value);
}

/** True for a topic that only the engine may send. */
export function isEngineTopic(value: unknown): value is EngineTopic {
  return typeof value === "string" && Object.hasOwn(engineEventSchemas, value);
}
