import { modelIdSchema } from "./ids.js";
import { z } from "./zod.js";

/** A bundle's token layout, spelled out so that a screen need not compute it. */
export const layoutInfoSchema = z
  .object({
    /** Side of the model's square picture in pixels. */
    imageSize: z.int().min(1),
    /** Tokens along a side of every scale. */
    grid: z.int().min(1),
    /** Haar levels L; 0 for a raster. */
    levels: z.int().min(0),
    /** L + 1. */
    scales: z.int().min(1),
    tokensPerScale: z.int().min(1),
    /** Coefficients along a side of each scale's bands, coarse to fine. */
    scaleResolutions: z.array(z.int().min(1)).readonly(),
    /** Coefficients along a side of each scale's patches, coarse to fine. */
    patches: z.array(z.int().min(1)).readonly(),
  })
  .readonly();
export type LayoutInfo = z.infer<typeof layoutInfoSchema>;

/** How tokens are drawn. */
export const samplingSchema = z
  .object({
    /** 0 takes the likeliest token, 1 samples as trained. */
    temperature: z.number().min(0).max(10),
    /** Draw among the k likeliest; 0 = all. */
    topK: z.int().min(0).max(1_000_000),
    /** Draw among the likeliest that together have this probability; 1 = all. */
    topP: z.number().gt(0).max(1),
    /** Classifier-free guidance; 1 = none. */
    guidance: z.number().min(0).max(50),
  })
  .readonly();
export type Sampling = z.infer<typeof samplingSchema>;

/** What one scale does differently from the rest of a job; missing fields are as in the job. */
export const scaleSamplingSchema = z
  .object({
    temperature: samplingSchema.unwrap().shape.temperature.optional(),
    topK: samplingSchema.unwrap().shape.topK.optional(),
    topP: samplingSchema.unwrap().shape.topP.optional(),
    guidance: samplingSchema.unwrap().shape.guidance.optional(),
  })
  .readonly();
export type ScaleSampling = z.infer<typeof scaleSamplingSchema>;

/** Data sets that a model was trained on, each with its terms. */
export const trainingDataSchema = z
  .array(
    z.object({
      name: z.string().max(200),
      licence: z.string().max(200),
      photos: z.int().min(0),
    }),
  )
  .max(100);

/**
 * What an upscale may ask for, and what a bundle's enlarging networks are made for. `finest` is the
 * mean of what a network makes of eight views: of the one made for it, or of the `best` one.
 */
export const UPSCALE_SPEEDS = ["finest", "best", "fast"] as const;
export const upscaleSpeedSchema = z.enum(UPSCALE_SPEEDS);
export type UpscaleSpeed = z.infer<typeof upscaleSpeedSchema>;

/** What is told of every usable bundle. */
const aboutFields = {
  modelId: modelIdSchema,
  name: z.string().max(200),
  licence: z.string().max(200),
  data: trainingDataSchema.readonly().optional(),
  /** True for a bundle that came with the app, which cannot be removed. */
  isShipped: z.boolean().optional(),
  /** Hash of its manifest, which tells two versions of a model apart. */
  sha256: z.string().max(64).optional(),
  /** Memory that it needs when loaded, estimated from its files before loading. */
  memoryBytes: z.number().min(0).optional(),
  /** What an upscale may choose between: the speeds of its networks and what they are good for, none where the decoder enlarges. */
  speeds: z.array(upscaleSpeedSchema).readonly().optional(),
};

/** A usable bundle that draws. */
export const modelSummarySchema = z
  .object({
    ...aboutFields,
    kind: z.undefined().optional(),
    layout: layoutInfoSchema,
    /** Defaults for the sampling controls. */
    sampling: samplingSchema,
    /** False for a bundle that takes no prompt. */
    hasText: z.boolean(),
    /** The only words that its prompt understands, where it was trained on classes instead of texts. */
    classes: z.array(z.string().max(200)).readonly().optional(),
    /** False for a bundle that was not trained to predict detail and cannot enlarge faithfully. */
    canEnlarge: z.boolean().optional(),
    /** How many times larger it makes a picture without drawing, ascending; any number if missing. */
    factors: z.array(z.int().min(2)).readonly().optional(),
  })
  .readonly();
export type ModelSummary = z.infer<typeof modelSummarySchema>;

/** A usable bundle that enlarges faithfully and does nothing else. */
export const enlargerSummarySchema = z
  .object({
    ...aboutFields,
    kind: z.literal("enlarge"),
    /** How many times larger its networks make a picture, ascending. */
    factors: z.array(z.int().min(2)).min(1).readonly(),
  })
  .readonly();
export type EnlargerSummary = z.infer<typeof enlargerSummarySchema>;

/** A usable bundle of any kind. */
export const installedModelSchema = z.discriminatedUnion("kind", [
  modelSummarySchema,
  enlargerSummarySchema,
]);
export type InstalledModel = z.infer<typeof installedModelSchema>;

/** True for a model that edits, extends and generates. */
export function draws(model: InstalledModel): model is ModelSummary {
  return model.kind === undefined;
}

/** True for a model that enlarges without inventing anything. */
export function enlargesFaithfully(model: InstalledModel): boolean {
  return !draws(model) || model.canEnlarge !== false;
}

/** What the models run on. */
export const deviceInfoSchema = z
  .object({ name: z.string().max(200), provider: z.string().max(64) })
  .readonly();
export type DeviceInfo = z.infer<typeof deviceInfoSchema>;

/** The environment variable that names a device for one run. */
export const DEVICE_VARIABLE = "SPECTRAL_DEVICE";

/** A provider name, or `auto`: the fastest device that passes the model's golden check. */
export const deviceChoiceSchema = z.string().min(1).max(64);

/** One device that this machine may compute on. */
export const deviceOptionSchema = z
  .object({
    provider: z.string().max(64),
    /** Its own name, such as the graphics card's, where it tells one. */
    name: z.string().max(200),
    /** `ready`: passed the golden check. `failed`: see `reason`. `untested`: never tried so far. */
    state: z.enum(["ready", "failed", "untested"]),
    /** Why it failed, for people. */
    reason: z.string().max(2_000).nullable(),
    /** Measured time of one golden pass in milliseconds, where it is ready. */
    passMs: z.number().min(0).nullable(),
    /** True if the device is not there, as can be seen without trying: choosing it is no use. */
    isAbsent: z.boolean().optional(),
  })
  .readonly();
export type DeviceOption = z.infer<typeof deviceOptionSchema>;
