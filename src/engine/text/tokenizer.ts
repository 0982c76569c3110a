import { Tokenizer } from "@huggingface/tokenizers";
import { AppError } from "../../core/errors.js";

/** Turns a prompt into the ids of word pieces. */
export interface PromptTokenizer {
  /**
   * Ids with the start and end marks of the text encoder, at most `maxTokens` of them: a longer
   * prompt loses its last words, never the end mark. An empty prompt is the two marks alone.
   */
  encode(prompt: string): Int32Array;
}

/**
 * @param json content of the bundle's `tokenizer.json`
 * @throws AppError BUNDLE_DAMAGED if it describes no tokenizer
 */
export function createTokenizer(json: Uint8Array, maxTokens: number): PromptTokenizer {
  const tokenizer = parse(json);
  return {
    encode(prompt) {
      const { ids } = tokenizer.encode(prompt);
      const last = ids.at(-1);
      if (ids.length <= maxTokens || last === undefined) return Int32Array.from(ids);
      return Int32Array.from([...ids.slice(0, maxTokens - 1), last]);
    },
  };
}

function parse(json: Uint8Array): Tokenizer {
  try {
    const config: unknown = JSON.parse(new TextDecoder().decode(json));
    if (typeof config !== "object" || config === null) throw new Error("it is no object");
    // Padding and truncation are our own: they depend on the bundle and not on the tokenizer's file.
    return new Tokenizer({ ...config, padding: null, truncation: null }, {});
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError(
      "BUNDLE_DAMAGED",
      `Expected the model's tokenizer to be readable but it is not (${reason}); install the model again.`,
      {},
      { cause: error },
    );
  }
}
