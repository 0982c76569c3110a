import { MAX_PROMPT_CHARS, MAX_SIDE_PX, MAX_VARIATIONS } from "./limits.js";
import { samplingSchema, scaleSamplingSchema, upscaleSpeedSchema } from "./models.js";
import { packedMaskSchema, sideSchema } from "./pixels.js";
import { z } from "./zod.js";

/** What the panel beside the picture is about. */
export const PANEL_MODES = ["edit", "remove", "extend", "generate", "upscale"] as const;

const promptSchema = z.string().max(MAX_PROMPT_CHARS);
const marginSchema = z.int().min(0).max(MAX_SIDE_PX);
const lockSchema = z.int().min(0).max(32);
const sizeSchema = z.object({ width: sideSchema, height: sideSchema }).readonly();

/** The fields of the panels as the person left them. */
export const draftSettingsSchema = z
  .object({
    prompt: promptSchema,
    negativePrompt: promptSchema,
    generatePrompt: promptSchema,
    extendPrompt: promptSchema,
    seed: z.int().min(0).max(0xffff_ffff),
    isSeedLocked: z.boolean(),
    ...samplingSchema.unwrap().shape,
    scaleSampling: z.array(scaleSamplingSchema.nullable()).max(32).readonly(),
    strength: z.number().min(0).max(1),
    variations: z.int().min(1).max(MAX_VARIATIONS),
    margins: z
      .object({ left: marginSchema, top: marginSchema, right: marginSchema, bottom: marginSchema })
      .readonly(),
    factor: z.union([z.literal(2), z.literal(4), z.literal(8)]),
    targetSize: sizeSchema.nullable(),
    isRatioLocked: z.boolean(),
    speed: upscaleSpeedSchema,
    generateFactor: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
    creativity: z.number().min(0).max(1),
  })
  .readonly();
export type DraftSettings = z.infer<typeof draftSettingsSchema>;

/**
 * What was begun on a document and is no edit of it yet: the mask, the lock and the fields of the
 * panels. Kept beside the document, so that a page that is loaded again or an app that crashed goes
 * on where the person was.
 */
export const draftSchema = z
  .object({
    mode: z.enum(PANEL_MODES),
    /** Of a picture of that size; null if nothing is masked. */
    mask: z.object({ size: sizeSchema, packed: packedMaskSchema }).readonly().nullable(),
    /** In picture pixels, or null to go by the mask's size. */
    feather: z.number().min(0).max(1_000).nullable(),
    pictureLock: lockSchema,
    regionLock: lockSchema.nullable(),
    settings: draftSettingsSchema,
  })
  .readonly();
export type Draft = z.infer<typeof draftSchema>;
