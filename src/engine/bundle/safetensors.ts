import { AppError } from "../../core/errors.js";
import { z } from "../../shared/zod.js";

/** Numbers of a tensor's type; what is stored in 16 bits is widened. */
interface TensorTypes {
  readonly I8: Int8Array;
  readonly I32: Int32Array;
  readonly F32: Float32Array;
}

/** A tensor of a file. */
export interface StoredTensor<Data = TensorTypes[keyof TensorTypes]> {
  readonly shape: readonly number[];
  readonly data: Data;
}

const BYTES = { I8: 1, I32: 4, F16: 2, F32: 4 } as const;

const entrySchema = z.object({
  dtype: z.enum(["I8", "I32", "F16", "F32"]),
  shape: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 31),
    )
    .max(8),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const metadataSchema = z.record(z.string(), z.string());

/** A header of some kilobytes is usual; a longer one is no header. */
const MAX_HEADER_BYTES = 1024 * 1024;

/**
 * Tensors of a safetensors file by name (format: https://github.com/huggingface/safetensors): a length,
 * a header in JSON, and bytes. Everything is little-endian.
 */
export class Safetensors {
  readonly #entries = new Map<string, z.infer<typeof entrySchema>>();
  readonly metadata: Readonly<Record<string, string>>;
  readonly #data: Uint8Array;

  /**
   * @param name of the file, for messages
   * @throws AppError BUNDLE_DAMAGED
   */
  constructor(
    bytes: Uint8Array,
    private readonly name: string,
  ) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const length = bytes.byteLength >= 8 ? Number(view.getBigUint64(0, true)) : Infinity;
    if (length > Math.min(bytes.byteLength - 8, MAX_HEADER_BYTES))
      throw this.#damaged("its header");
    const { __metadata__: metadata, ...tensors } = this.#header(bytes.subarray(8, 8 + length));
    this.metadata = metadataSchema.catch({}).parse(metadata);
    this.#data = bytes.subarray(8 + length);
    for (const [tensor, value] of Object.entries(tensors)) {
      const entry = entrySchema.safeParse(value);
      if (!entry.success) throw this.#damaged(tensor);
      const { dtype, shape, data_offsets: offsets } = entry.data;
      const bytesOfShape = shape.reduce((product, side) => product * side, BYTES[dtype]);
      const isInside = offsets[1] <= this.#data.byteLength;
      if (!isInside || offsets[1] - offsets[0] !== bytesOfShape) throw this.#damaged(tensor);
      this.#entries.set(tensor, entry.data);
    }
  }

  has(tensor: string): boolean {
    return this.#entries.has(tensor);
  }

  floats(tensor: string): StoredTensor<Float32Array> {
    const { dtype, shape, bytes } = this.#read(tensor, ["F16", "F32"]);
    return { shape, data: dtype === "F16" ? widened(bytes) : new Float32Array(bytes) };
  }

  bytes(tensor: string): StoredTensor<Int8Array> {
    const { shape, bytes } = this.#read(tensor, ["I8"]);
    return { shape, data: new Int8Array(bytes) };
  }

  integers(tensor: string): StoredTensor<Int32Array> {
    const { shape, bytes } = this.#read(tensor, ["I32"]);
    return { shape, data: new Int32Array(bytes) };
  }

  #read(tensor: string, types: readonly string[]) {
    const entry = this.#entries.get(tensor);
    if (entry === undefined || !types.includes(entry.dtype)) throw this.#damaged(tensor);
    // A copy, since the bytes of a file may begin anywhere and numbers may not.
    const bytes = new Uint8Array(this.#data.subarray(...entry.data_offsets)).buffer;
    return { dtype: entry.dtype, shape: entry.shape, bytes };
  }

  #header(bytes: Uint8Array): Record<string, unknown> {
    try {
      const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return z.record(z.string(), z.unknown()).parse(value);
    } catch (error) {
      throw this.#damaged("its header", error);
    }
  }

  #damaged(part: string, cause?: unknown): AppError {
    return new AppError(
      "BUNDLE_DAMAGED",
      `Expected weights in ${this.name} but ${part} is missing or not readable; install the model again.`,
      { file: this.name },
      { cause },
    );
  }
}

const SUBNORMAL = 2 ** -24;

/** IEEE 754 halves as floats. */
function widened(bytes: ArrayBuffer): Float32Array {
  const halves = new Uint16Array(bytes);
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let index = 0; index < halves.length; index++) {
    const half = halves[index] ?? 0;
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) floats[index] = (sign === 0 ? 1 : -1) * fraction * SUBNORMAL;
    // 112 is how far apart the two formats' exponents begin; all ones mean infinite or no number.
    else bits[index] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
  }
  return floats;
}
