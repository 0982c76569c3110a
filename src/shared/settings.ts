import { modelIdSchema } from "./ids.js";
import { MAX_PROMPT_CHARS } from "./limits.js";
import { deviceChoiceSchema } from "./models.js";
import { z } from "./zod.js";

/** Colour themes of the screen; `system` follows the desktop. */
export const THEMES = ["system", "light", "dark", "high-contrast"] as const;
export type Theme = (typeof THEMES)[number];

/** Languages of the screen, as BCP 47 tags. */
export const LANGUAGES = ["en", "de", "fr", "es", "ja", "zh"] as const;

/** Colours that a mask can be tinted with; which is right depends on the photo. */
export const MASK_COLOURS = ["coral", "green", "blue", "magenta", "yellow"] as const;
export type MaskColour = (typeof MASK_COLOURS)[number];
/** How a mask is shown: tinted, or by marching ants around it. */
export const MASK_STYLES = ["tint", "ants"] as const;

/** What a person chose for good; kept by the host in one file. */
export const settingsSchema = z
  .object({
    theme: z.enum(THEMES),
    language: z.enum(["system", ...LANGUAGES]),
    /** Provider name or `auto`. */
    device: deviceChoiceSchema,
    /** null: the first shipped model that draws. */
    modelId: modelIdSchema.nullable(),
    /** What upscales are made with; null: the model that everything else is made with. */
    enlargerId: modelIdSchema.nullable(),
    /** Memory for undo and caches. */
    memoryMegabytes: z.int().min(256).max(262_144),
    /** Pictures while an edit is being drawn. */
    previews: z.boolean(),
    /** Command id to key chord, such as `Ctrl+KeyZ`, or nothing; only what differs from the defaults. */
    shortcuts: z.record(z.string().max(64), z.string().max(64)),
    /** Newest first. */
    promptHistory: z.array(z.string().max(MAX_PROMPT_CHARS)).max(100).readonly(),
    promptPresets: z
      .array(z.object({ name: z.string().max(100), prompt: z.string().max(MAX_PROMPT_CHARS) }))
      .max(100)
      .readonly(),
    /** What lies over and around the picture. */
    canvas: z
      .object({
        rulers: z.boolean(),
        pixelGrid: z.boolean(),
        maskStyle: z.enum(MASK_STYLES),
        maskColour: z.enum(MASK_COLOURS),
      })
      .readonly(),
    /** The short tour of the ladder was seen or dismissed. */
    tourSeen: z.boolean(),
  })
  .readonly();
export type Settings = z.infer<typeof settingsSchema>;

/** Settings of a fresh installation. */
export const DEFAULT_SETTINGS: Settings = {
  theme: "system",
  language: "system",
  device: "auto",
  modelId: null,
  enlargerId: null,
  memoryMegabytes: 2_048,
  previews: true,
  shortcuts: {},
  promptHistory: [],
  promptPresets: [],
  canvas: { rulers: false, pixelGrid: true, maskStyle: "tint", maskColour: "coral" },
  tourSeen: false,
};
