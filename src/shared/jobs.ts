import { documentIdSchema, modelIdSchema } from "./ids.js";
import { MAX_PROMPT_CHARS } from "./limits.js";
import { samplingSchema } from "./models.js";
import { maskSchema } from "./pixels.js";
import { z } from "./zod.js";

const promptSchema = z.string().max(MAX_PROMPT_CHARS);
const seedSchema = z.int().min(0).max(0xffff_ffff);
const drawing = {
  prompt: promptSchema,
  negativePrompt: promptSchema,
  seed: seedSchema,
  ...samplingSchema.unwrap().shape,
};

/** Redraws the masked part of a document, keeping its coarse scales. */
export const editJobSchema = z
  .object({
    kind: z.literal("edit"),
    documentId: documentIdSchema,
    modelId: modelIdSchema,
    mask: maskSchema,
    /** Scales 0..frozenScales-1 are kept exactly; 0 keeps none, all keeps everything. */
    frozenScales: z.int().min(0).max(32),
    ...drawing,
    /** Softens the mask's border inwards by that many pixels. */
    feather: z.number().min(0).max(1_000),
  })
  .readonly();
export type EditJob = z.infer<typeof editJobSchema>;

/** Enlarges a document; every block of the result averages to the source pixel. */
export const upscaleJobSchema = z
  .object({
    kind: z.literal("upscale"),
    documentId: documentIdSchema,
    modelId: modelIdSchema,
    factor: z.union([z.literal(2), z.literal(4), z.literal(8)]),
    /** 0 invents nothing, 1 draws every missing token. */
    creativity: z.number().min(0).max(1),
    prompt: promptSchema,
    seed: seedSchema,
    guidance: samplingSchema.unwrap().shape.guidance,
  })
  .readonly();
export type UpscaleJob = z.infer<typeof upscaleJobSchema>;

/** Draws a new square picture of the model's size. */
export const generateJobSchema = z
  .object({ kind: z.literal("generate"), modelId: modelIdSchema, ...drawing })
  .readonly();
export type GenerateJob = z.infer<typeof generateJobSchema>;

/** A job's whole request: plain, so that it can be logged, replayed and saved with its result. */
export const jobRequestSchema = z.union([editJobSchema, upscaleJobSchema, generateJobSchema]);
export type JobRequest = z.infer<typeof jobRequestSchema>;
export type JobKind = JobRequest["kind"];

/** What a job does at the moment. */
export const jobStageSchema = z.enum([
  "preparing",
  "encoding",
  "drawing",
  "decoding",
  "upscaling",
  "compositing",
]);
export type JobStage = z.infer<typeof jobStageSchema>;
