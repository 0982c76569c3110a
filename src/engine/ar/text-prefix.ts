/** Logits of one token, one array for each sequence of the batch. */
export type BatchLogits = readonly Float32Array[];

/** Prompts that were read: the start of any number of sequences. */
export interface TextPrefix {
  /** Sequences: 1, or 2 with guidance (the prompt, then what it is told apart from). */
  readonly batch: number;
  /**
   * Sequences that continue the prompts, which stay as they are.
   * @param isDrawn one value a token; a model that sees given tokens on all sides reads the others'
   *   codes from the first chunk on
   */
  open(isDrawn: Uint8Array): Sequences;
}

/**
 * A batch of sequences that grow together: for each variation one sequence a text of the prefix, all
 * with the variation's codes. Sequences of one variation lie next to each other.
 */
export interface Sequences {
  readonly variations: number;
  /**
   * Feeds the positions of `tokens`, for which the codes of all blocks before theirs have to be known.
   * @param codes of each variation; sequences of a single one read the first
   * @param wanted 0 for tokens that are only to be read
   * @param pause called in the middle of what takes long
   * @returns the logits of the last `wanted` tokens, which belong to one block; valid until the next call
   */
  logitsOf(
    tokens: readonly number[],
    codes: Int32Array | readonly Int32Array[],
    wanted?: number,
    pause?: () => Promise<void>,
  ): Promise<BatchLogits[]>;
  /** Sequences of several variations that continue what these, of a single one, have read; or these. */
  repeat(variations: number): Sequences;
  /** Frees what they hold; they cannot be used any more. */
  release(): void;
}
