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
      const caches = decoder.caches.takeAll(read.length);
      const started = caches.map((cache, at): Sequence => {
        const { rows, copy } = itemAt(read, at);
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

/**
 * Rows that are computed at once, unless there are more sequences: a run cannot be interrupted, and
 * takes about half a millisecond a row. How rows are cut changes nothing about what they are.
 */
const MOST_ROWS = 64;

class KernelSequences implements Sequences {
  constructor(
    private readonly decoder: KernelDecoder,
    private readonly isDrawn: Uint8Array,
    private readonly sequences: readonly Sequence[],
    readonly variations: number,
  ) {}

  async logitsOf(
    tokens: readonly number[],
    codes: Int32Array | readonly Int32Array[],
    wanted = 1,
    pause: () => Promise<void> = () => Promise.resolve(),
  ): Promise<BatchLogits[]> {
    const { sequences } = this;
    let left = tokens;
    // Only the last token's logits are wanted, and those of all sequences at once.
    const read = wanted > 0 ? tokens.slice(0, -1) : tokens;
    if (read.length > 0 && tokens.length * sequences.length > MOST_ROWS) {
      const together = Math.max(1, Math.floor(MOST_ROWS / read.length));
      for (let first = 0; first < sequences.length; first += together) {
        this.#run(sequences.slice(first, first + together), first, read, codes, false);
        await pause();
      }
      left = tokens.slice(read.length);
    }
    if (left.length === 0) return [];
    const logits = this.#run(sequences, 0, left, codes, wanted > 0);
    return wanted > 0 ? [logits] : [];
  }

  /** @param first the place of the first of these sequences among all */
  #run(
    sequences: readonly Sequence[],
    first: number,
    tokens: readonly number[],
    codes: Int32Array | readonly Int32Array[],
    isWanted: boolean,
  ): BatchLogits {
    const { decoder } = this;
    const { textPositions } = decoder.manifest.ar;
    const texts = this.sequences.length / this.variations;
    const rows: KernelRow[] = [];
    const wantedRows: number[] = [];
    sequences.forEach((sequence, at) => {
      const own = codes instanceof Int32Array ? codes : codes[Math.floor((first + at) / texts)];
      for (const token of tokens) {
        const { cache } = sequence;
        const position = textPositions + token;
        rows.push({ cache, index: sequence.rows++, position, input: this.#inputOf(token, own) });
      }
      // A sequence draws one token after another, so there is one to predict.
      if (isWanted) wantedRows.push(rows.length - 1);
    });
    const scale = Math.floor((tokens.at(-1) ?? 0) / decoder.layout.tokensPerScale);
    return decoder.run(rows, isWanted ? { rows: wantedRows, scale } : null);
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
    const { length } = this.sequences;
    const caches = decoder.caches.takeAll(variations * length);
    const copies = caches.map((copy, at): Sequence => {
      const { cache, rows } = itemAt(this.sequences, at % length);
      decoder.caches.copy(cache, copy, rows);
      return { cache: copy, rows };
    });
    return new KernelSequences(decoder, this.isDrawn, copies, variations);
  }

  release(): void {
    for (const { cache } of this.sequences) this.decoder.caches.free(cache);
  }
}

function itemAt<T>(items: readonly T[], at: number): T {
  const item = items[at];
  if (item !== undefined) return item;
  throw new RangeError("a sequence for each cache is needed");
}
