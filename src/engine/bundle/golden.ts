import { AppError } from "../../core/errors.js";
import { parseAs } from "../../shared/errors.js";
import { z } from "../../shared/zod.js";
import { planSteps } from "../ar/decoding-order.js";
import { readPrompts } from "../ar/sequences.js";
import type { TextPrefix } from "../ar/text-prefix.js";
import { PromptEncoder } from "../text/prompt-encoder.js";
import { readBundleFile } from "./bundle.js";
import type { EnlargingModel } from "./enlarging-model.js";
import { Model, TokenKind } from "./model.js";

const arraySchema = z
  .object({ shape: z.array(z.int().min(1)), base64: z.string() })
  .transform(({ base64 }) => decodeFloats(base64));

const goldenSchema = z.object({
  image: arraySchema,
  codes: z.array(z.int().min(0)),
  reconstruction: arraySchema,
  faithful: z.object({ frozenScales: z.int().min(1), reconstruction: arraySchema }),
  prompt: z.string(),
  inputIds: z.array(z.int()),
  textStates: arraySchema,
  arLogits: z.array(
    z.object({ code: z.int().min(0), approximation: arraySchema, detail: arraySchema }),
  ),
  tolerances: z.object({
    reconstruction: z.number().gt(0),
    textStates: z.number().gt(0),
    arLogits: z.number().gt(0),
  }),
});
export type Golden = z.infer<typeof goldenSchema>;

/**
 * Share of codes that may differ. A code is the nearest of thousands of vectors, and where two are
 * equally near another processor's rounding chooses the other one; more than that is a wrong result.
 */
const CODE_MISMATCH_SHARE = 0.02;

/** Recorded inputs and outputs of a bundle. @throws AppError BUNDLE_DAMAGED */
export async function readGolden(model: Model): Promise<Golden> {
  const bytes = await readBundleFile(model.bundle, model.manifest.golden.file);
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return parseAs(goldenSchema, value, "golden file", "engine");
  } catch (error) {
    throw new AppError(
      "BUNDLE_DAMAGED",
      `Expected recorded outputs in ${model.manifest.golden.file} but they are not readable; install the model again.`,
      { model: model.manifest.id },
      { cause: error },
    );
  }
}

/**
 * Runs every graph on recorded inputs and compares: the only way to know that a device computes what
 * the model means, since the runtime may silently use another one or a wrong kernel. Networks that
 * enlarge need no record: each is tried on what all of them promise, here where a bundle has nothing
 * else, and before its first use.
 * @throws AppError ENGINE_OUTPUT_INVALID naming the graph that differs
 */
export async function verifyModel(model: Model | EnlargingModel): Promise<void> {
  if (model instanceof Model) await verifyRecord(model);
  else for (const enlarger of model.enlargers) await enlarger.verify();
}

async function verifyRecord(model: Model): Promise<void> {
  const golden = await readGolden(model);
  const { imageSize, tokenCount, tokensPerScale } = model.layout;
  const image = { side: imageSize, data: golden.image };
  const known = Int32Array.from(golden.codes);
  const { tolerances } = golden;

  const codes = await model.encode(image);
  const wrong = codes.filter((code, token) => code !== known[token]).length;
  requireNear(model, "encoder", wrong / tokenCount, CODE_MISMATCH_SHARE);

  const exactTokens = golden.faithful.frozenScales * tokensPerScale;
  const [reconstruction, faithful] = await model.decodeBatch([
    { image, codes: known, kinds: new Uint8Array(tokenCount).fill(TokenKind.code) },
    {
      image,
      codes: new Int32Array(tokenCount),
      kinds: new Uint8Array(tokenCount).fill(TokenKind.exact, 0, exactTokens),
    },
  ]);
  for (const [found, expected] of [
    [reconstruction?.data, golden.reconstruction],
    [faithful?.data, golden.faithful.reconstruction],
  ] as const) {
    requireNear(model, "decoder", largestDifference(found, expected), tolerances.reconstruction);
  }

  const prompts = new PromptEncoder(model);
  const ids = await prompts.tokenize(golden.prompt);
  const sameIds =
    ids.length === golden.inputIds.length && ids.every((id, i) => id === golden.inputIds[i]);
  requireNear(model, "tokenizer", sameIds ? 0 : 1, 0);
  const states = await prompts.encode(golden.prompt);
  requireNear(
    model,
    "text",
    largestDifference(states.data, golden.textStates),
    tolerances.textStates,
  );

  const prefix = await readPrompts(model, [{ ...states, data: golden.textStates }]);
  for (const expected of golden.arLogits) {
    const found = await logitsOfCode(model, prefix, expected.code, known);
    const recorded = expected.code < tokensPerScale ? expected.approximation : expected.detail;
    requireNear(model, "ar", largestDifference(found, recorded), tolerances.arLogits);
  }
}

/** Logits of one code, all others being given. */
async function logitsOfCode(
  model: Model,
  prefix: TextPrefix,
  code: number,
  known: Int32Array,
): Promise<Float32Array | undefined> {
  const isDrawn = known.map((_, token) => (token === code ? 1 : 0));
  const { order } = model.manifest.ar;
  const [step] = planSteps(model.layout, order, Uint8Array.from(isDrawn), model.layout.tokenCount);
  if (!step) return undefined;
  const sequences = prefix.open(Uint8Array.from(isDrawn));
  try {
    for (const run of step.before) await sequences.logitsOf(run, known, 0);
    const logits = await sequences.logitsOf(step.fed, known, step.block.length);
    return logits[step.block.indexOf(code)]?.[0];
  } finally {
    sequences.release();
  }
}

/** Largest absolute difference; infinite if the lengths differ or a value is NaN. */
export function largestDifference(found: Float32Array | undefined, expected: Float32Array): number {
  if (found?.length !== expected.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((found[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}

function requireNear(model: Model, graph: string, difference: number, tolerance: number): void {
  if (difference <= tolerance) return;
  throw new AppError(
    "ENGINE_OUTPUT_INVALID",
    `Expected ${graph} of the model ${model.manifest.id} to give what was recorded with it but on ${model.provider} it differs by ${difference.toPrecision(3)} (at most ${tolerance}); use another device, or install the model again.`,
    {
      model: model.manifest.id,
      graph,
      provider: model.provider,
      difference: Number.isFinite(difference) ? difference : null,
    },
  );
}

function decodeFloats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: Math.floor(bytes.byteLength / 4) }, (_, index) =>
    view.getFloat32(4 * index, true),
  );
}
