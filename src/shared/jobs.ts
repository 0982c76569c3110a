import { documentIdSchema, jobIdSchema, modelIdSchema } from "./ids.js";
import { MAX_PROMPT_CHARS, MAX_SIDE_PX, MAX_VARIATIONS } from "./limits.js";
import { samplingSchema, scaleSamplingSchema, upscaleSpeedSchema } from "./models.js";
import { maskSchema, rectSchema, sideSchema } from "./pixels.js";
import { z } from "./zod.js";

const promptSchema = z.string().max(MAX_PROMPT_CHARS);
const seedSchema = z.int().min(0).max(0xffff_ffff);

/** Scales 0..scales-1 of a finished variation: "keep this layout, redraw the details". */
const startFromSchema = z
  .object({ jobId: jobIdSchema, variation: z.int().min(0), scales: z.int().min(1).max(32) })
  .readonly();

/** The same, spelled out as tokens: what the engine puts in place of `startFrom` in the record. */
const startCodesSchema = z
  .object({
    scales: z.int().min(1).max(32),
    codes: z.array(z.int().min(0)).max(65_536).readonly(),
    /** Where each picture lies that they are of; not there in records of earlier versions. */
    areas: z.array(rectSchema).max(1_000).readonly().optional(),
  })
  .readonly();

const drawing = {
  prompt: promptSchema,
  negativePrompt: promptSchema,
  /** Variation v draws with its own numbers, made from the seed and v. */
  seed: seedSchema,
  ...samplingSchema.unwrap().shape,
  /** By scale; null = as above. */
  scaleSampling: z.array(scaleSamplingSchema.nullable()).max(32).readonly().optional(),
  /** How many are drawn as one batch; 1 by default. */
  variations: z.int().min(1).max(MAX_VARIATIONS).optional(),
  /** Number of the first of them, 0 by default: the record of a chosen one, so it is made alone. */
  firstVariation: z
    .int()
    .min(0)
    .max(MAX_VARIATIONS - 1)
    .optional(),
  /** False makes no pictures while drawing; the result is the same. */
  previews: z.boolean().optional(),
  startFrom: startFromSchema.optional(),
  startCodes: startCodesSchema.optional(),
};

/** A record that names a single variation must be able to name any of these. */
const variationsAreKnown: [
  (job: { variations?: number | undefined; firstVariation?: number | undefined }) => boolean,
  string,
] = [
  ({ variations = 1, firstVariation = 0 }) => firstVariation + variations <= MAX_VARIATIONS,
  `expected variations with numbers below ${MAX_VARIATIONS}`,
];

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
    /** Share of the free tokens that are drawn anew, 1 by default; the sets are nested. */
    strength: z.number().min(0).max(1).optional(),
    /** `remove` fills what is masked plausibly from its surroundings, without a prompt. */
    mode: z.enum(["redraw", "remove"]).optional(),
  })
  .refine(...variationsAreKnown)
  .readonly();
export type EditJob = z.infer<typeof editJobSchema>;

/** Enlarges a document; every block of the result averages to the source pixel. */
export const upscaleJobSchema = z
  .object({
    kind: z.literal("upscale"),
    documentId: documentIdSchema,
    modelId: modelIdSchema,
    factor: z.union([z.literal(2), z.literal(4), z.literal(8)]),
    /**
     * Any other size: enlarged by the next power of two (`factor` is then ignored) and reduced by
     * exact areas.
     */
    size: z.object({ width: sideSchema, height: sideSchema }).readonly().optional(),
    /** `fast` takes a smaller network, `finest` the mean of several views; `best` by default. */
    speed: upscaleSpeedSchema.optional(),
    /** 0 invents nothing, 1 draws every missing token. */
    creativity: z.number().min(0).max(1),
    prompt: promptSchema,
    seed: seedSchema,
    guidance: samplingSchema.unwrap().shape.guidance,
  })
  .readonly();
export type UpscaleJob = z.infer<typeof upscaleJobSchema>;

/** Draws a new square picture of the model's size, enlarged by `factor` (1 by default). */
export const generateJobSchema = z
  .object({
    kind: z.literal("generate"),
    modelId: modelIdSchema,
    factor: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]).optional(),
    ...drawing,
  })
  .refine(...variationsAreKnown)
  .readonly();
export type GenerateJob = z.infer<typeof generateJobSchema>;

const marginSchema = z.int().min(0).max(MAX_SIDE_PX);

/** Makes the canvas larger and draws what lies beyond the picture's border; the picture stays. */
export const extendJobSchema = z
  .object({
    kind: z.literal("extend"),
    documentId: documentIdSchema,
    modelId: modelIdSchema,
    left: marginSchema,
    top: marginSchema,
    right: marginSchema,
    bottom: marginSchema,
    ...drawing,
  })
  .refine(
    ({ left, top, right, bottom }) => left + top + right + bottom > 0,
    "expected a margin of at least one pixel",
  )
  .refine(...variationsAreKnown)
  .readonly();
export type ExtendJob = z.infer<typeof extendJobSchema>;

/** A job's whole request: plain, so that it can be logged, replayed and saved with its result. */
export const jobRequestSchema = z.union([
  editJobSchema,
  upscaleJobSchema,
  generateJobSchema,
  extendJobSchema,
]);
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
