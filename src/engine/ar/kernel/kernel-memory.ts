import { AppError } from "../../../core/errors.js";
import {
  createSharedMemory,
  PAGE_BYTES,
  type SharedWebAssemblyMemory,
} from "../../kernels/webassembly.js";

/** 4 GiB, all that 32 bits can address. */
const MAX_PAGES = 65_536;
/** A cache line: what threads write apart does not share one. */
const ALIGNMENT = 64;

/** Address 0 means "nothing" to the kernel. */
const FIRST_ADDRESS = ALIGNMENT;

/**
 * The memory that a kernel's threads share. It only grows; what is not needed any more is kept for
 * the next of its kind by those who asked for it.
 */
export class KernelMemory {
  readonly memory: SharedWebAssemblyMemory = createSharedMemory(1, MAX_PAGES);
  #end = FIRST_ADDRESS;
  #ints = new Int32Array(this.memory.buffer);
  #floats = new Float32Array(this.memory.buffer);
  #bytes = new Uint8Array(this.memory.buffer);

  get ints(): Int32Array {
    return this.#ints;
  }

  get floats(): Float32Array {
    return this.#floats;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** An address with room for so many bytes. @throws AppError OUT_OF_MEMORY */
  allocate(bytes: number): number {
    const address = this.#end;
    const end = address + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0) {
      this.#grow(Math.ceil(missing / PAGE_BYTES), bytes);
      const { buffer } = this.memory;
      this.#ints = new Int32Array(buffer);
      this.#floats = new Float32Array(buffer);
      this.#bytes = new Uint8Array(buffer);
    }
    this.#end = end;
    return address;
  }

  #grow(pages: number, bytes: number): void {
    try {
      this.memory.grow(pages);
    } catch (error) {
      throw new AppError(
        "OUT_OF_MEMORY",
        `Expected ${bytes} more bytes of memory for drawing but there are none; close other programs or ask for fewer variations.`,
        { bytes },
        { cause: error },
      );
    }
  }

  /** Floats at an address, seen and not copied; valid until they are overwritten. */
  floatsAt(address: number, count: number): Float32Array {
    return this.#floats.subarray(address / 4, address / 4 + count);
  }

  /** Puts numbers somewhere. @returns their address */
  put(values: Float32Array | Int8Array): number {
    const address = this.allocate(values.byteLength);
    this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), address);
    return address;
  }

  /** Puts a structure's fields, 32 bits each, somewhere. @returns its address */
  struct(...fields: readonly number[]): number {
    const address = this.allocate(4 * fields.length);
    this.#ints.set(fields, address / 4);
    return address;
  }
}
