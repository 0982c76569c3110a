import type { DrawingManifest } from "../../../shared/bundle-manifest.js";
import type { KernelMemory } from "./kernel-memory.js";

/** Keys and values of sequences in the kernel's memory, as kernel/attention.ts [Note: caches] says. */
export class KernelCaches {
  /** Rows of a cache: every position there is. */
  readonly capacity: number;
  readonly #partBytes: number;
  /** Addresses of those that nobody uses. */
  readonly #free: number[] = [];

  constructor(
    private readonly memory: KernelMemory,
    private readonly ar: DrawingManifest["ar"],
    positions: number,
  ) {
    this.capacity = Math.ceil(positions / 4) * 4;
    this.#partBytes = this.capacity * (4 * ar.headDim + 8);
  }

  /** Address of a cache, empty or with anything in it. */
  take(): number {
    const { layers, heads } = this.ar;
    return this.#free.pop() ?? this.memory.allocate(layers * heads * this.#partBytes);
  }

  /** Addresses of so many caches, or none: if memory runs out midway, those before are given back. */
  takeAll(count: number): number[] {
    const taken: number[] = [];
    try {
      while (taken.length < count) taken.push(this.take());
      return taken;
    } catch (error) {
      for (const address of taken) this.free(address);
      throw error;
    }
  }

  /** Gives a cache back. */
  free(address: number): void {
    this.#free.push(address);
  }

  /** The first rows of a cache, to be kept elsewhere. */
  copyOut(cache: number, rows: number): Uint8Array {
    const pieces = [...this.#pieces(rows)];
    const copy = new Uint8Array(pieces.reduce((sum, [, bytes]) => sum + bytes, 0));
    let at = 0;
    for (const [offset, bytes] of pieces) {
      copy.set(this.memory.bytes.subarray(cache + offset, cache + offset + bytes), at);
      at += bytes;
    }
    return copy;
  }

  /** Puts back what {@link copyOut} gave. */
  copyIn(cache: number, rows: number, copy: Uint8Array): void {
    let at = 0;
    for (const [offset, bytes] of this.#pieces(rows)) {
      this.memory.bytes.set(copy.subarray(at, at + bytes), cache + offset);
      at += bytes;
    }
  }

  /** Copies the first rows of a cache to another one. */
  copy(from: number, to: number, rows: number): void {
    for (const [offset, bytes] of this.#pieces(rows)) {
      this.memory.bytes.copyWithin(to + offset, from + offset, from + offset + bytes);
    }
  }

  /** Where the first rows of a cache lie: [offset, bytes] pieces. */
  *#pieces(rows: number): Generator<readonly [number, number]> {
    const { layers, heads, headDim } = this.ar;
    const { capacity } = this;
    const rowBytes = 2 * headDim;
    // Values of two rows lie next to each other.
    const pairedRows = rows + (rows % 2);
    for (let part = 0; part < layers * heads; part++) {
      const keys = part * this.#partBytes;
      const values = keys + capacity * rowBytes;
      const keyScales = values + capacity * rowBytes;
      yield [keys, rows * rowBytes];
      yield [values, pairedRows * rowBytes];
      yield [keyScales, 4 * rows];
      yield [keyScales + 4 * capacity, 4 * rows];
    }
  }
}
