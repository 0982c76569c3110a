import type { InferenceSession, Tensor } from "onnxruntime-node";
import { floatOutput, floatTensor, int64Tensor } from "../bundle/graph.js";
import type { Model } from "../bundle/model.js";
import type { TextStates } from "../text/prompt-encoder.js";
import { HIDDEN, KeyValueCache } from "./key-value-cache.js";
import type { BatchLogits, Sequences, TextPrefix } from "./text-prefix.js";

/** Reads prompts by the bundle's graph, all at once, the shorter ones padded. */
export async function readPromptsByGraph(
  model: Model,
  prompts: readonly TextStates[],
): Promise<TextPrefix> {
  const { ar, text } = model.manifest;
  const batch = prompts.length;
  const { layers, heads, headDim } = ar;
  const cache = new KeyValueCache({ layers, batch, heads, headDim });
  const prefix: TextPrefix = {
    batch,
    open: (isDrawn) => new GraphSequences(model, cache.repeat(1), isDrawn),
  };
  // Only as many positions as the longest has, since every later step would read the padding again.
  const rows = Math.max(...prompts.map(({ count }) => count));
  if (rows === 0) return prefix;
  const states = new Float32Array(batch * rows * text.width);
  const mask = new Float32Array(batch * rows);
  prompts.forEach(({ data, count }, sequence) => {
    states.set(data, sequence * rows * text.width);
    mask.fill(HIDDEN, sequence * rows + count, (sequence + 1) * rows);
  });
  const codes = new Int32Array(model.layout.tokenCount);
  const sequences = new GraphSequences(model, cache, new Uint8Array(model.layout.tokenCount));
  const positions = Array.from({ length: rows }, (_, row) => row);
  await sequences.extend({ positions, codes: [codes], states, mask });
  return prefix;
}

/** One chunk of positions of the sequence: consecutive ones, or whole blocks in parallel order. */
interface Chunk {
  readonly positions: readonly number[];
  /** One code a token, for each variation; those that are not drawn yet are not read. */
  readonly codes: readonly Int32Array[];
  /** (batch, count, width), only for text positions. */
  readonly states?: Float32Array;
  /** (batch, count): {@link HIDDEN} for padding, only for text positions. */
  readonly mask?: Float32Array;
}

/** Sequences that the bundle's graph continues, on any device. */
class GraphSequences implements Sequences {
  /** Inputs that stay the same arrays from step to step; made again when the caches grow. */
  #caches: { readonly capacity: number; readonly tensors: Record<string, Tensor> } | null = null;
  /** By number of positions. */
  readonly #blanks = new Map<number, Record<string, Tensor>>();
  readonly #codes: BigInt64Array;
  readonly #codesTensor: Tensor;
  /** Tokens before this one have their codes written for good. */
  #known = 0;
  /** Given tokens behind that have theirs written too. */
  #hasGiven = false;

  constructor(
    private readonly model: Model,
    private readonly cache: KeyValueCache,
    /** One value a token: 1 if it is drawn, 0 if its code is there from the beginning. */
    private readonly isDrawn: Uint8Array,
    readonly variations = 1,
  ) {
    const { tokenCount } = model.layout;
    const { batch } = cache.shape;
    this.#codes = new BigInt64Array(batch * tokenCount);
    this.#codesTensor = int64Tensor(this.#codes, [batch, tokenCount]);
  }

  repeat(variations: number): Sequences {
    if (variations === this.variations) return this;
    return new GraphSequences(this.model, this.cache.repeat(variations), this.isDrawn, variations);
  }

  release(): void {
    // Arrays, which the garbage collector takes.
  }

  async logitsOf(
    tokens: readonly number[],
    codes: Int32Array | readonly Int32Array[],
    wanted = 1,
  ): Promise<BatchLogits[]> {
    const { manifest, layout } = this.model;
    const { batch } = this.cache.shape;
    const isApproximation = (tokens.at(-1) ?? 0) < layout.tokensPerScale;
    const [name, size] = isApproximation
      ? (["logits_approximation", manifest.codebooks.approximation] as const)
      : (["logits_detail", manifest.codebooks.detail] as const);
    const outputs = await this.extend(
      {
        positions: tokens.map((token) => manifest.ar.textPositions + token),
        codes: codes instanceof Int32Array ? [codes] : codes,
      },
      wanted === 0 ? [] : [name],
    );
    if (wanted === 0) return [];
    // In raster order the graph gives the logits of the last position alone.
    const rows = manifest.ar.order === "parallel" ? tokens.length : 1;
    const logits = floatOutput(outputs, name, batch * rows * size);
    return Array.from({ length: wanted }, (_, index) =>
      Array.from({ length: batch }, (_, sequence) => {
        const row = sequence * rows + rows - wanted + index;
        return logits.subarray(row * size, (row + 1) * size);
      }),
    );
  }

  /**
   * Runs a chunk and appends its keys and values to the cache.
   * @param logits names of the graph's logits that are wanted
   */
  async extend(
    chunk: Chunk,
    logits: readonly string[] = [],
  ): Promise<InferenceSession.OnnxValueMapType> {
    const { layers, batch, heads, headDim } = this.cache.shape;
    const count = chunk.positions.length;
    const outputs = await this.model.graphs.ar.run(
      { ...this.#chunkFeeds(chunk), ...this.#cacheFeeds() },
      [...logits, "new_keys", "new_values"],
    );
    const rows = layers * batch * heads * count * headDim;
    const { mask } = chunk;
    this.cache.append(
      count,
      floatOutput(outputs, "new_keys", rows),
      floatOutput(outputs, "new_values", rows),
      (sequence, row) => mask === undefined || mask[sequence * count + row] === 0,
    );
    return outputs;
  }

  #chunkFeeds({ positions, codes, states, mask }: Chunk): Record<string, Tensor> {
    const { batch } = this.cache.shape;
    const count = positions.length;
    const { width } = this.model.manifest.text;
    this.#writeCodes(codes, positions);
    const hasText = states !== undefined && mask !== undefined;
    return {
      ...(hasText
        ? {
            text: floatTensor(states, [batch, count, width]),
            text_mask: floatTensor(mask, [batch, count]),
          }
        : this.#withoutText(count)),
      codes: this.#codesTensor,
      positions: int64Tensor(BigInt64Array.from(positions, BigInt), [count]),
    };
  }

  /** Text inputs of a chunk of tokens, which are not read; the same for every such chunk. */
  #withoutText(count: number): Record<string, Tensor> {
    const known = this.#blanks.get(count);
    if (known) return known;
    const { batch } = this.cache.shape;
    const { width } = this.model.manifest.text;
    const blank = {
      text: floatTensor(new Float32Array(batch * count * width), [batch, count, width]),
      text_mask: floatTensor(new Float32Array(batch * count), [batch, count]),
    };
    this.#blanks.set(count, blank);
    return blank;
  }

  /**
   * Writes what is new since the last chunk: in raster order the codes from its last token up to this
   * one's; in parallel order any may be, and there are few chunks.
   */
  #writeCodes(codes: readonly Int32Array[], positions: readonly number[]): void {
    const { tokenCount } = this.model.layout;
    const { around, order, textPositions } = this.model.manifest.ar;
    const isParallel = order === "parallel";
    const fed = (positions.at(-1) ?? 0) - textPositions;
    const isAll = isParallel || (around && !this.#hasGiven);
    const last = isAll ? tokenCount - 1 : fed;
    const texts = this.cache.shape.batch / this.variations;
    for (let sequence = 0; sequence < this.cache.shape.batch; sequence++) {
      const own = codes[Math.floor(sequence / texts)];
      for (let token = this.#known; token <= last; token++) {
        this.#codes[sequence * tokenCount + token] = BigInt(own?.[token] ?? 0);
      }
    }
    this.#hasGiven = true;
    if (!isParallel) this.#known = Math.max(this.#known, fed);
  }

  /** (batch, T): 1 for a token that is not drawn. */
  #given(): Tensor {
    const { batch } = this.cache.shape;
    const { tokenCount } = this.model.layout;
    const given = new BigInt64Array(batch * tokenCount);
    for (let at = 0; at < given.length; at++) given[at] = this.isDrawn[at % tokenCount] ? 0n : 1n;
    return int64Tensor(given, [batch, tokenCount]);
  }

  #cacheFeeds(): Record<string, Tensor> {
    const { cache } = this;
    if (this.#caches?.capacity === cache.capacity) return this.#caches.tensors;
    const { batch, heads, headDim } = cache.shape;
    const { capacity } = cache;
    const tensors: Record<string, Tensor> = {
      cache_mask: floatTensor(cache.mask, [batch, capacity]),
      ...(this.model.manifest.ar.around && { given: this.#given() }),
    };
    for (const [layer, keys] of cache.keys.entries()) {
      tensors[`key_cache_${layer}`] = floatTensor(keys, [batch, heads, headDim, capacity]);
    }
    for (const [layer, values] of cache.values.entries()) {
      tensors[`value_cache_${layer}`] = floatTensor(values, [batch, heads, capacity, headDim]);
    }
    this.#caches = { capacity, tensors };
    return tensors;
  }
}
