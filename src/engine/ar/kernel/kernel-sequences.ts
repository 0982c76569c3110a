import type { TextStates } from "../../text/prompt-encoder.js";
import type { BatchLogits, Sequences, TextPrefix } from "../text-prefix.js";
import type { KernelDecoder, KernelRow } from "./kernel-decoder.js";

/** A prompt that was read: the rows of its cache. */
interface ReadPrompt {
  readonly rows: number;
  readonly copy: Uint8Array;
}

/** Prompts without their padding: every sequence has rows of its own number. */
export function readPromptsByKernel(
  decoder: KernelDecoder,
  prompts: readonly TextStates[],
): TextPrefix {
  const { width } = decoder.manifest.text;
  const read = prompts.map(({ data, count }): ReadPrompt => {
    const cache = decoder.caches.take();
    try {
      const rows = Array.from({ length: count }, (_, position): KernelRow => {
        const input = data.subarray(position * width, (position + 1) * width);
        return { cache, index: position, position, input };
      });
      if (count > 0) decoder.run(rows, null);
      return { rows: count, copy: decoder.caches.copyOut(cache, count) };
    } finally {
      decoder.caches.free(cache);
    }
  });
  return {
    batch: read.length,
    open(isDrawn) {
      const started = read.map(({ rows, copy }): Sequence => {
        const cache = decoder.caches.take();
        decoder.caches.copyIn(cache, rows, copy);
        return { cache, rows };
      });
      return new KernelSequences(decoder, isDrawn, started, 1);
    },
  };
}

interface Sequence {
  readonly cache: number;
  /** Rows that were read. */
  rows: number;
}

class KernelSequences implements Sequences {
  constructor(
    private readonly decoder: KernelDecoder,
    private readonly isDrawn: Uint8Array,
    private readonly sequences: readonly Sequence[],
    readonly variations: number,
  ) {}

  logitsOf(
    tokens: readonly number[],
    codes: Int32Array | readonly Int32Array[],
    wanted = 1,
  ): Promise<BatchLogits[]> {
    const { decoder, sequences } = this;
    const { textPositions } = decoder.manifest.ar;
    const texts = sequences.length / this.variations;
    const rows: KernelRow[] = [];
    const wantedRows: number[] = [];
    sequences.forEach((sequence, at) => {
      const own = codes instanceof Int32Array ? codes : codes[Math.floor(at / texts)];
      for (const token of tokens) {
        const { cache } = sequence;
        const position = textPositions + token;
        rows.push({ cache, index: sequence.rows++, position, input: this.#inputOf(token, own) });
      }
      // A sequence draws one token after another, so there is one to predict.
      if (wanted > 0) wantedRows.push(rows.length - 1);
    });
    const scale = Math.floor((tokens.at(-1) ?? 0) / decoder.layout.tokensPerScale);
    const logits = decoder.run(rows, wanted > 0 ? { rows: wantedRows, scale } : null);
    return Promise.resolve(wanted > 0 ? [logits] : []);
  }

  /** Rows of the codebooks of a token's neighbours; the first one always has a row, if only of "none". */
  #inputOf(token: number, codes: Int32Array | undefined): Int32Array {
    const { neighbours, slots, later, codebooks } = this.decoder.weights;
    const { tokensPerScale } = this.decoder.layout;
    const firstSize = codebooks[0]?.size ?? 0;
    const input = new Int32Array(slots).fill(-1);
    input[0] = firstSize + (codebooks[1]?.size ?? 0);
    for (let slot = 0; slot < slots; slot++) {
      const neighbour = neighbours[token * slots + slot] ?? -1;
      if (neighbour < 0 || (slot >= slots - later && this.isDrawn[neighbour] === 1)) continue;
      input[slot] = (codes?.[neighbour] ?? 0) + (neighbour < tokensPerScale ? 0 : firstSize);
    }
    return input;
  }

  repeat(variations: number): Sequences {
    if (variations === this.variations) return this;
    const { decoder } = this;
    const copies = Array.from({ length: variations }, () =>
      this.sequences.map(({ cache, rows }): Sequence => {
        const copy = decoder.caches.take();
        decoder.caches.copy(cache, copy, rows);
        return { cache: copy, rows };
      }),
    );
    return new KernelSequences(decoder, this.isDrawn, copies.flat(), variations);
  }

  release(): void {
    for (const { cache } of this.sequences) this.decoder.caches.free(cache);
  }
}
