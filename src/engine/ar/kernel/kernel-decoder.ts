import { AppError } from "../../../core/errors.js";
import type { TokenLayout } from "../../../core/layout.js";
import type { DrawingManifest } from "../../../shared/bundle-manifest.js";
import { inferenceThreads } from "../../device/threads.js";
import { DECODE_KERNEL } from "../../kernels/modules.js";
import { compileKernel, startKernel, type KernelModule } from "../../kernels/webassembly.js";
import { KernelCaches } from "./kernel-caches.js";
import { KernelMemory } from "./kernel-memory.js";
import { startThread } from "./kernel-threads.js";
import { placeWeights, type KernelWeights } from "./kernel-weights.js";

/** Functions of kernel/decode.ts. */
interface DecodeExports {
  readonly run: (control: number) => void;
}

/** Fields of `Control`, in 32 bits. */
const GENERATION = 0;
const THREADS = 4;
const STOP = 5;
const CHUNK = 7;

/** One position of one sequence. */
export interface KernelRow {
  /** Address of the sequence's cache. */
  readonly cache: number;
  /** Its place in the cache; the rows before are there. */
  readonly index: number;
  /** Its position in the model, text first. */
  readonly position: number;
  /** Rows of the codebooks of its neighbours, -1 for none; or what the text encoder says. */
  readonly input: Int32Array | Float32Array;
}

/** Which logits are wanted. */
export interface WantedLogits {
  /** Indices of rows. */
  readonly rows: readonly number[];
  /** The token's scale, which decides the codebook. */
  readonly scale: number;
}

/** Room for some rows, made anew when there are more. */
interface Room {
  readonly rows: number;
  readonly table: number;
  readonly inputs: number;
  readonly wanted: number;
  readonly logits: number;
  /** Address of the kernel's `Chunk`. */
  readonly chunk: number;
}

const ROW_FIELDS = 5;
/** Working memory beyond what grows with the rows; see `work` of the kernel. */
const SPARE_BYTES = 8_192;
/** Scales of a row, at most so many blocks of a matrix's inputs. */
const SCALE_BYTES = 256;

/**
 * The app's own decoder of AR-SIT on processors: kernel/decode.ts with a model's weights and some
 * threads. A run blocks until it is done; only one can run at a time, which one thread cannot break.
 */
export class KernelDecoder {
  readonly memory: KernelMemory;
  readonly weights: KernelWeights;
  readonly caches: KernelCaches;
  readonly #module: KernelModule;
  readonly #kernel: DecodeExports;
  readonly #control: number;
  readonly #textWidth: number;
  #room: Room | null = null;
  #isReleased = false;

  private constructor(
    bytes: Uint8Array,
    readonly manifest: DrawingManifest,
    readonly layout: TokenLayout,
  ) {
    this.#module = compileKernel(DECODE_KERNEL);
    this.memory = new KernelMemory();
    this.weights = placeWeights(this.memory, bytes, manifest, layout);
    const positions = manifest.ar.textPositions + layout.tokenCount;
    this.caches = new KernelCaches(this.memory, manifest.ar, positions);
    this.#textWidth = manifest.text.width;
    this.#control = this.memory.struct(0, 0, 0, 0, 1, 0, this.weights.model, 0);
    this.#kernel = startKernel<DecodeExports>(this.#module, this.memory.memory);
  }

  /**
   * @param bytes the bundle's `arWeights`
   * @throws AppError BUNDLE_DAMAGED; RangeError where shared memory cannot be had
   */
  static async load(
    bytes: Uint8Array,
    manifest: DrawingManifest,
    layout: TokenLayout,
    threads = inferenceThreads(),
  ): Promise<KernelDecoder> {
    const decoder = new KernelDecoder(bytes, manifest, layout);
    // A head is the least that a thread can take.
    await decoder.#startThreads(Math.min(threads, manifest.ar.heads));
    return decoder;
  }

  async #startThreads(wanted: number): Promise<void> {
    const { memory } = this.memory;
    let threads = 1;
    while (threads < wanted) {
      const task = { module: this.#module, memory, control: this.#control, thread: threads };
      if (!(await startThread(task))) break;
      threads++;
    }
    this.memory.ints[this.#control / 4 + THREADS] = threads;
  }

  /** Ends the threads; nothing can be run any more. */
  release(): void {
    this.#isReleased = true;
    const at = this.#control / 4;
    Atomics.store(this.memory.ints, at + STOP, 1);
    Atomics.add(this.memory.ints, at + GENERATION, 1);
    Atomics.notify(this.memory.ints, at + GENERATION);
  }

  /**
   * Computes rows and adds them to their caches. Rows of one sequence lie next to each other, in order.
   * @returns the logits of the wanted rows, valid until the next run
   * @throws AppError INTERNAL once the decoder was released
   */
  run(rows: readonly KernelRow[], wanted: WantedLogits | null): Float32Array[] {
    // Threads that are gone reach no barrier: this one would wait there for ever.
    if (this.#isReleased) throw wasReleased(this.manifest.id);
    const room = this.#roomFor(rows.length);
    const { ints, floats } = this.memory;
    const stride = this.#inputBytes;
    for (const [row, { cache, index, position, input }] of rows.entries()) {
      const at = room.inputs + row * stride;
      const isText = input instanceof Float32Array;
      if (isText) floats.set(input, at / 4);
      else ints.set(input, at / 4);
      const table = room.table / 4 + ROW_FIELDS * row;
      ints[table] = cache;
      ints[table + 1] = index;
      ints[table + 2] = position;
      ints[table + 3] = isText ? 0 : at;
      ints[table + 4] = isText ? at : 0;
    }
    const scale = wanted?.scale ?? 0;
    const kind = scale === 0 ? 0 : 1;
    const codebook = this.weights.codebooks[kind];
    if (!codebook) throw new RangeError("a scale of the model is needed");
    const { size, vectors, biases } = codebook;
    const wantedRows = wanted?.rows ?? [];
    ints.set(wantedRows, room.wanted / 4);
    const chunk = room.chunk / 4;
    ints[chunk + 1] = rows.length;
    ints[chunk + 4] = wantedRows.length;
    ints[chunk + 5] = kind;
    ints[chunk + 6] = vectors;
    ints[chunk + 7] = biases[Math.max(0, scale - 1)] ?? 0;
    ints[chunk + 8] = size;
    this.#kernel.run(this.#control);
    return wantedRows.map((_, index) => this.memory.floatsAt(room.logits + 4 * size * index, size));
  }

  get #inputBytes(): number {
    return 4 * Math.max(this.#textWidth, this.weights.slots);
  }

  /** Room for at least so many rows; twice as many as before, so that it is seldom made. */
  #roomFor(count: number): Room {
    if (this.#room && this.#room.rows >= count) return this.#room;
    const { memory } = this;
    const rows = Math.max(count, 2 * (this.#room?.rows ?? 1));
    const { width, hidden, hiddenBlocks, codebooks } = this.weights;
    const { heads, headDim } = this.manifest.ar;
    const codes = Math.max(...codebooks.map(({ size }) => size));
    const block = hidden / hiddenBlocks;
    // Of each row: itself, its integers and their scales; then what a head or a block of it takes.
    const ofRow = 6 * width + SCALE_BYTES + Math.max(14 * headDim, 6 * block) + 16;
    const scratchBytes =
      Math.ceil((rows * ofRow + 4 * width + 4 * this.caches.capacity + 6 * this.#textWidth) / 64) *
        64 +
      SPARE_BYTES;
    const threads = memory.ints[this.#control / 4 + THREADS] ?? 1;
    const floats = (n: number) => memory.allocate(4 * n);
    const table = floats(ROW_FIELDS * rows);
    const wanted = floats(rows);
    const logits = floats(rows * codes);
    // What is 0 changes from run to run.
    const chunk = memory.struct(
      table,
      0,
      this.caches.capacity,
      wanted,
      0,
      0,
      0,
      0,
      0,
      logits,
      floats(rows * width),
      floats(heads * rows * width),
      floats(hiddenBlocks * rows * width),
      memory.allocate(scratchBytes * threads),
      scratchBytes,
    );
    const inputs = memory.allocate(rows * this.#inputBytes);
    this.#room = { rows, table, inputs, wanted, logits, chunk };
    memory.ints[this.#control / 4 + CHUNK] = chunk;
    return this.#room;
  }
}

function wasReleased(modelId: string): AppError {
  return new AppError(
    "INTERNAL",
    `Expected the model ${modelId} to be loaded while it draws but it was released; run the job again.`,
    { modelId },
  );
}
