import { SAMPLE_KERNEL } from "../kernels/modules.js";
import { compileKernel, PAGE_BYTES, startKernel } from "../kernels/webassembly.js";

/** Functions of kernel/sample.ts. */
interface SampleExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly before: { readonly value: number };
  guide(logits: number, other: number, count: number, guidance: number): void;
  largest(logits: number, count: number): number;
  weigh(
    logits: number,
    count: number,
    top: number,
    temperature: number,
    weights: number,
    sums: number,
  ): number;
  drop(weights: number, count: number, edge: number, sums: number): number;
  heavierThan(weights: number, count: number, weight: number): number;
  find(weights: number, count: number, sums: number, point: number): number;
}

/** Logits of one token, and how far they are pushed away from others. */
export interface GuidedLogits {
  readonly logits: Float32Array;
  /** Without the prompt, or with what it is told apart from. */
  readonly other?: Float32Array;
  /**
   * Classifier-free guidance: `other + guidance * (logits - other)`, so 1 is the prompt alone, 0 the
   * others alone.
   */
  readonly guidance: number;
}

/** Tokens are looked at in runs of so many. */
const RUN = 64;

/**
 * The tokens of a codebook with the logits and weights of the moment, in the memory of a kernel: what
 * it computes has the same bits wherever it runs.
 */
export class WeighedTokens {
  readonly #kernel = startKernel<SampleExports>(compileKernel(SAMPLE_KERNEL));
  #count = 0;
  /** Tokens, filled up to whole runs. */
  #padded = 0;
  #floats = new Float32Array(this.#kernel.memory.buffer);
  #total = 0;

  /** Takes logits over. */
  load({ logits, other, guidance }: GuidedLogits): void {
    this.#makeRoom(logits.length);
    this.#put(logits, 0);
    if (other === undefined || guidance === 1) return;
    this.#put(other, this.#padded);
    this.#kernel.guide(0, this.#weights, this.#padded, guidance);
    this.#floats.fill(-Infinity, this.#count, this.#padded);
  }

  /** The logits, guided. */
  get logits(): Float32Array {
    return this.#floats.subarray(0, this.#count);
  }

  /** The largest logit; NaN if one is. */
  get largest(): number {
    return this.#kernel.largest(0, this.#padded);
  }

  /** Gives each token the weight `e^((logit - largest) / temperature)`. */
  weigh(largest: number, temperature: number): void {
    const [weights, sums] = [this.#weights, this.#sums];
    this.#total = this.#kernel.weigh(0, this.#padded, largest, temperature, weights, sums);
  }

  /** One a token, as they are now. */
  get weights(): Float32Array {
    return this.#floats.subarray(this.#padded, this.#padded + this.#count);
  }

  /** Sum of the weights. */
  get total(): number {
    return this.#total;
  }

  /** Drops what is lighter than `edge`. */
  drop(edge: number): void {
    this.#total = this.#kernel.drop(this.#weights, this.#padded, edge, this.#sums);
  }

  /** Sum of the weights that are heavier than one. */
  heavierThan(weight: number): number {
    return this.#kernel.heavierThan(this.#weights, this.#padded, weight);
  }

  /** The token in whose weight a point lies when all are laid end to end, and what lies before it. */
  at(point: number): { readonly token: number; readonly before: number } {
    const token = this.#kernel.find(this.#weights, this.#padded, this.#sums, point);
    return { token, before: this.#kernel.before.value };
  }

  get #weights(): number {
    return 4 * this.#padded;
  }

  get #sums(): number {
    return 8 * this.#padded;
  }

  #put(values: Float32Array, at: number): void {
    this.#floats.set(values, at);
    this.#floats.fill(-Infinity, at + this.#count, at + this.#padded);
  }

  #makeRoom(count: number): void {
    this.#count = count;
    this.#padded = Math.ceil(count / RUN) * RUN;
    const { memory } = this.#kernel;
    const missing = 8 * this.#padded + (8 * this.#padded) / RUN - memory.buffer.byteLength;
    if (missing <= 0) return;
    memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.#floats = new Float32Array(memory.buffer);
  }
}
