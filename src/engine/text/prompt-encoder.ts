import { readBundleFile } from "../bundle/bundle.js";
import { floatOutput, int64Tensor } from "../bundle/graph.js";
import { toInt64, type Model } from "../bundle/model.js";
import { classOf } from "./class-names.js";
import { createTokenizer, type PromptTokenizer } from "./tokenizer.js";

/** States of a prompt's tokens: `count` rows of `width` values. */
export interface TextStates {
  readonly count: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** Prompts in use are few (the prompt, the negative one); older ones are computed again. */
const REMEMBERED_PROMPTS = 16;

/** Turns prompts into token states, remembering the last ones. */
export class PromptEncoder {
  readonly #remembered = new Map<string, TextStates>();
  #tokenizer: Promise<PromptTokenizer> | undefined;

  constructor(private readonly model: Model) {}

  /** @throws AppError BUNDLE_DAMAGED if tokenizer or graph do not load */
  async encode(prompt: string): Promise<TextStates> {
    const known = this.#remembered.get(prompt);
    if (known) return known;
    const states = await this.#compute(prompt);
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined && this.#remembered.size >= REMEMBERED_PROMPTS) {
      this.#remembered.delete(oldest);
    }
    this.#remembered.set(prompt, states);
    return states;
  }

  /**
   * Ids of a prompt's tokens (see {@link PromptTokenizer}), or the one of its class.
   * @throws AppError REQUEST_INVALID for a prompt that is like no class of a model of classes
   */
  async tokenize(prompt: string): Promise<Int32Array> {
    const { bundle, manifest } = this.model;
    const { text, ar } = manifest;
    if ("classes" in text) return Int32Array.of(classOf(prompt, text.classes) ?? text.noClass);
    this.#tokenizer ??= readBundleFile(bundle, text.tokenizer).then((json) =>
      createTokenizer(json, Math.min(text.maxTokens, ar.textPositions)),
    );
    return (await this.#tokenizer).encode(prompt);
  }

  async #compute(prompt: string): Promise<TextStates> {
    const ids = await this.tokenize(prompt);
    const { width } = this.model.manifest.text;
    const shape = [1, ids.length];
    const outputs = await this.model.graphs.text.run({
      input_ids: int64Tensor(toInt64(ids), shape),
      attention_mask: int64Tensor(new BigInt64Array(ids.length).fill(1n), shape),
    });
    const data = floatOutput(outputs, "states", ids.length * width);
    return { count: ids.length, width, data };
  }
}
