import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Model } from "../../../src/engine/bundle/model.js";
import { z } from "../../../src/shared/zod.js";

const headerSchema = z.record(
  z.string(),
  z.object({ shape: z.array(z.int()), data_offsets: z.tuple([z.int(), z.int()]) }).partial(),
);

/** Bytes of a model's weights. */
export interface WeightBytes {
  /** All that a step reads. */
  readonly ofStep: number;
  /** Of these, the transformer's matrices alone. */
  readonly ofMatrices: number;
}

/**
 * Bytes, as the bundle stores them, of the weights that one step of the finer scales reads: matrices with
 * their scales, biases and norms, the maps of a token's neighbours, and the codebook in which the next
 * token is looked for. Tables of which a step reads a row or two are left out, and so is the cache of keys
 * and values, which is no weight. For a bundle that only has a graph: the matrices.
 */
export async function weightBytes(folder: string, { manifest }: Model): Promise<WeightBytes> {
  const { layers, heads, headDim } = manifest.ar;
  const parameters = 12 * layers * (heads * headDim) ** 2;
  // fp16 is widened when it is loaded.
  const ofMatrices = parameters * (manifest.files.ar.precision === "int8-blocks" ? 1 : 4);
  if (!manifest.arWeights) return { ofStep: ofMatrices, ofMatrices };

  const file = await readFile(join(folder, manifest.arWeights.file));
  const end = 8 + Number(file.readBigUInt64LE());
  const tensors = headerSchema.parse(JSON.parse(file.toString("utf8", 8, end)));
  const bytesOf = (name: string) => {
    const [from = 0, to = 0] = tensors[name]?.data_offsets ?? [];
    return to - from;
  };
  const ofLayers = Object.keys(tensors)
    .filter((name) => name.startsWith("layer."))
    .reduce((sum, name) => sum + bytesOf(name), 0);
  const { approximation, detail } = manifest.codebooks;
  // Codebooks lie together, and of what there is for each of them a step reads one half.
  const ofDetail = detail / (approximation + detail);
  const biases = bytesOf("bias_detail") / (tensors["bias_detail"]?.shape?.[0] ?? 1);
  const halves = bytesOf("maps") + bytesOf("to_vector") + bytesOf("to_vector.bias");
  const ofStep = ofLayers + bytesOf("norm") + ofDetail * bytesOf("vectors") + biases + halves / 2;
  return { ofStep, ofMatrices };
}
