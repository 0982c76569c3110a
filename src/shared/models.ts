import { modelIdSchema } from "./ids.js";
import { z } from "./zod.js";

/** A bundle's token layout, spelled out so that a screen need not compute it. */
export const layoutInfoSchema = z
  .object({
    /** Side of the model's square picture in pixels. */
    imageSize: z.int().min(1),
    /** Tokens along a side of every scale. */
    grid: z.int().min(1),
    /** Haar levels L. */
    levels: z.int().min(1),
    /** L + 1. */
    scales: z.int().min(2),
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

/** A usable bundle. */
export const modelSummarySchema = z
  .object({
    modelId: modelIdSchema,
    name: z.string().max(200),
    licence: z.string().max(200),
    layout: layoutInfoSchema,
    /** Defaults for the sampling controls. */
    sampling: samplingSchema,
    /** False for a bundle that takes no prompt. */
    hasText: z.boolean(),
  })
  .readonly();
export type ModelSummary = z.infer<typeof modelSummarySchema>;

/** What the models run on. */
export const deviceInfoSchema = z
  .object({ name: z.string().max(200), provider: z.string().max(64) })
  .readonly();
export type DeviceInfo = z.infer<typeof deviceInfoSchema>;
