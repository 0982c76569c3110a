import { modelIdSchema } from "./ids.js";
import { samplingSchema, trainingDataSchema, upscaleSpeedSchema } from "./models.js";
import { z } from "./zod.js";

/** The versions of the bundle format that this app reads. */
export const BUNDLE_FORMAT = "spectral-bundle";
export const BUNDLE_VERSION = 1;

/** A file of the bundle's own folder: a plain name, so that no path can lead out of it. */
export const bundleFileNameSchema = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "expected a plain file name")
  .refine((name) => !name.includes(".."), "expected a plain file name");

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits");

/** One input or output of a graph; a dimension is a number, or a name such as `B` if it varies. */
export const tensorInfoSchema = z.object({
  name: z.string().min(1).max(64),
  dtype: z.enum(["float32", "float16", "int64", "int32", "uint8", "int8", "bool"]),
  shape: z.array(z.union([z.int().min(0), z.string().max(64)])).max(8),
});
export type TensorInfo = z.infer<typeof tensorInfoSchema>;

/** One ONNX file with what it takes and gives. */
export const graphFileSchema = z.object({
  file: bundleFileNameSchema,
  sha256: sha256Schema,
  bytes: z.int().min(1),
  precision: z.string().max(32),
  /** The `ar` graph takes two for each of its layers. */
  inputs: z.array(tensorInfoSchema).min(1).max(256),
  outputs: z.array(tensorInfoSchema).min(1).max(32),
});
export type GraphFile = z.infer<typeof graphFileSchema>;

/** A file that is no graph. */
const plainFileSchema = z.object({
  file: bundleFileNameSchema,
  sha256: sha256Schema,
  bytes: z.int().min(1),
});

/** One enlarging network. */
export const enlargeNetworkSchema = z.object({
  ...graphFileSchema.shape,
  speed: upscaleSpeedSchema,
  factor: z.union([z.literal(2), z.literal(4), z.literal(8)]),
  /** An output pixel depends on no input pixel further away than this. */
  halo: z.int().min(0).max(256),
});
export type EnlargeNetwork = z.infer<typeof enlargeNetworkSchema>;

const attentionSchema = z.enum(["dense", "scale-causal"]);
const countSchema = z.int().min(1).max(1_000_000);

const layoutSchema = z
  .object({
    imageSize: z.int().min(2).max(4096),
    grid: z.int().min(1).max(256),
    /** 0 for a raster: one scale, the picture itself. */
    levels: z.int().min(0).max(12),
  })
  .refine(
    ({ imageSize, grid, levels }) => imageSize % (grid * 2 ** levels) === 0,
    "expected imageSize to be a multiple of grid * 2^levels",
  );

/** How a prompt is read: as words by a text encoder, or as the name of one of the model's classes. */
const textSchema = z.union([
  z.object({
    encoder: z.string().max(200),
    tokenizer: bundleFileNameSchema,
    maxTokens: z.int().min(1).max(4096),
    /** Numbers a token state. */
    width: countSchema,
  }),
  z.object({
    encoder: z.string().max(200),
    /** Names of the classes; the graph `text` takes their number in place of a word's. */
    classes: z.array(z.string().min(1).max(200)).min(1).max(10_000).readonly(),
    /** The number that stands for no class. */
    noClass: z.int().min(1),
    maxTokens: z.literal(1),
    width: countSchema,
  }),
]);

/** What every manifest tells of the bundle as a whole. */
const aboutFields = {
  format: z.literal(BUNDLE_FORMAT),
  version: z.literal(BUNDLE_VERSION),
  id: modelIdSchema,
  name: z.string().min(1).max(200),
  licence: z.string().min(1).max(200),
  description: z.string().max(5_000),
  data: trainingDataSchema,
  training: z.object({
    recipe: z.string().max(200),
    commit: z.string().max(64),
    photosSeen: z.number().min(0),
    seconds: z.number().min(0),
    device: z.string().max(200),
  }),
  /** Figures of the evaluation, each with the command that gave it. */
  metrics: z
    .array(
      z.object({
        name: z.string().max(200),
        value: z.number(),
        unit: z.string().max(64),
        command: z.string().max(1_000),
      }),
    )
    .max(200),
};

/**
 * Plain convolutional networks that enlarge pictures of any size. Graph: `image` (B, 3, h, w) in
 * [-1, 1] to `enlarged` (B, 3, factor * h, factor * w), whose block means are the input up to rounding.
 * There can be one for each speed and factor, in floating point of two widths and in integers.
 */
const enlargeSchema = z.array(enlargeNetworkSchema).max(27);

/** The manifest of a bundle that draws: everything that the engine must know of a model. */
export const drawingManifestSchema = z
  .object({
    ...aboutFields,
    kind: z.undefined().optional(),
    layout: layoutSchema,
    /** Entries of the two codebooks. */
    codebooks: z.object({ approximation: countSchema, detail: countSchema }),
    /** Standard deviation of each scale's coefficients, coarse to fine. */
    normalisation: z.object({ scaleStd: z.array(z.number().gt(0)).max(13) }),
    attention: z.object({ encoder: attentionSchema, decoder: attentionSchema }),
    /**
     * What the decoder was trained for. Any decoder gives exact tokens back as the picture's own
     * coefficients; one without exact context has to be given their codes too. Without masked suffix
     * it predicts nothing for missing scales.
     */
    trainedFor: z
      .object({ exactContext: z.boolean(), maskedSuffix: z.boolean() })
      .default({ exactContext: true, maskedSuffix: true }),
    ar: z.object({
      layers: countSchema,
      heads: countSchema,
      headDim: countSchema,
      /** Positions P of the sequence that are reserved for the prompt. */
      textPositions: z.int().min(0).max(4096),
      /**
       * What is drawn at once: one token after another, or four interleaved parts of each scale, for
       * which the graph gives the logits of all positions of a chunk.
       */
      order: z.enum(["raster", "parallel"]).default("raster"),
      /** The graph is told which tokens are given beforehand, and sees those on all sides of a token. */
      around: z.boolean().default(false),
    }),
    sampling: samplingSchema,
    text: textSchema,
    files: z.object({
      encoder: graphFileSchema,
      decoder: graphFileSchema,
      ar: graphFileSchema,
      text: graphFileSchema,
    }),
    /** The weights of `ar` once more (safetensors), for the app's own decoding on processors. */
    arWeights: plainFileSchema.optional(),
    enlarge: enlargeSchema.readonly().optional(),
    /** Of the tokenizer's file; a model of classes has none. */
    tokenizerSha256: sha256Schema.optional(),
    golden: z.object({ file: bundleFileNameSchema, sha256: sha256Schema }),
  })
  .refine(
    ({ layout, normalisation }) => normalisation.scaleStd.length === layout.levels + 1,
    "expected one normalisation constant a scale",
  )
  .refine(
    ({ text, tokenizerSha256 }) => "classes" in text || tokenizerSha256 !== undefined,
    "expected the hash of the tokenizer's file",
  )
  .readonly();
export type DrawingManifest = z.infer<typeof drawingManifestSchema>;

/** The manifest of a bundle that only enlarges: its networks are all it has. */
export const enlargingManifestSchema = z
  .object({
    ...aboutFields,
    kind: z.literal("enlarge"),
    enlarge: enlargeSchema.min(1).readonly(),
  })
  .readonly();
export type EnlargingManifest = z.infer<typeof enlargingManifestSchema>;

/** The file `model.json` of a bundle. One without a kind draws, as all of the first bundles did. */
export const bundleManifestSchema = z.discriminatedUnion(
  "kind",
  [drawingManifestSchema, enlargingManifestSchema],
  { error: 'expected no kind, or the kind "enlarge"' },
);
export type BundleManifest = z.infer<typeof bundleManifestSchema>;
