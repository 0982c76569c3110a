import type { Model } from "../bundle/model.js";

/** Memory for the keys and values of a batch; more is not faster, since every step reads all of it. */
const CACHE_BYTES = 512 * 1024 * 1024;

/**
 * Variations that go through the model together.
 *
 * Only the CPU's matrix products give a row the same bits whatever the other rows are. Elsewhere a
 * library chooses its algorithm by the batch, and a close call between two tokens could fall
 * otherwise; there variations are drawn one after another, so that each is the same alone and among
 * others.
 * @param limit asked for from outside, such as after running out of memory
 */
export function batchSize(model: Model, count: number, limit = Infinity): number {
  if (model.provider !== "cpu") return 1;
  const { layers, heads, headDim, textPositions } = model.manifest.ar;
  const positions = textPositions + model.layout.tokenCount;
  // Keys and values, the prompt and what it is told apart from, 4 bytes each.
  const bytes = 2 * 2 * 4 * layers * heads * headDim * positions;
  const fitting = Math.max(1, Math.floor(CACHE_BYTES / bytes));
  return Math.max(1, Math.min(count, fitting, limit));
}
