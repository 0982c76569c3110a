import { AppError } from "../../../core/errors.js";
import type { TokenLayout } from "../../../core/layout.js";
import { Safetensors, type StoredTensor } from "../../bundle/safetensors.js";
import type { DrawingManifest } from "../../../shared/bundle-manifest.js";
import type { KernelMemory } from "./kernel-memory.js";

/** Codes that lie next to each other in a codebook. */
const QUAD = 4;
/** Outputs of a tile of a matrix, and what its inputs are a multiple of. */
const TILE = 16;

/** See kernel/products.ts [Note: products]. */
type TileOrder = "blocks" | "outputs";

/** One codebook as the kernel reads it. */
export interface KernelCodebook {
  readonly size: number;
  /** Address of its vectors. */
  readonly vectors: number;
  /** Addresses of the biases, one a scale that has this codebook. */
  readonly biases: readonly number[];
}

/** A model in the kernel's memory. */
export interface KernelWeights {
  /** Address of the kernel's `Model`. */
  readonly model: number;
  readonly width: number;
  /** Width between the two products of a block, and the most parts that it is cut into. */
  readonly hidden: number;
  readonly hiddenBlocks: number;
  readonly codebooks: readonly KernelCodebook[];
  /** For each token its neighbours' tokens, -1 for none: (tokens, slots). */
  readonly neighbours: Int32Array;
  readonly slots: number;
  /** So many neighbours, the last ones, come later in the sequence. */
  readonly later: number;
}

/**
 * Reads what training/spectral_training/ar_weights.py wrote, and lays it out as kernel/structs.ts says.
 * @throws AppError BUNDLE_DAMAGED if the tensors are not those of the manifest's model
 */
export function placeWeights(
  memory: KernelMemory,
  bytes: Uint8Array,
  manifest: DrawingManifest,
  layout: TokenLayout,
): KernelWeights {
  const file = manifest.arWeights?.file ?? "";
  const reader = new WeightsReader(memory, new Safetensors(bytes, file), file);
  const { layers, heads, headDim, textPositions } = manifest.ar;
  const width = heads * headDim;
  const { tokenCount, scaleCount } = layout;
  const sizes = [manifest.codebooks.approximation, manifest.codebooks.detail] as const;
  const codes = sizes[0] + sizes[1];

  const neighbours = reader.tensors.integers("neighbours");
  const slots = reader.shaped("neighbours", neighbours, [tokenCount, null])[1] ?? 0;
  const vectors = reader.tensors.floats("vectors");
  const codeWidth = reader.shaped("vectors", vectors, [codes, null])[1] ?? 0;

  const up = reader.tensors.bytes("layer.0.up");
  const hidden = reader.shaped("layer.0.up", up, [null, width])[0] ?? 0;
  let hiddenBlocks = 0;
  const layerAddresses = Array.from({ length: layers }, (_, index) => {
    const name = `layer.${index}`;
    const down = reader.matrix(`${name}.down`, width, hidden, true, "blocks");
    hiddenBlocks = Math.max(hiddenBlocks, hidden / down.block);
    return memory.struct(
      reader.floats(`${name}.norm_attention`, [2, width]),
      reader.matrix(`${name}.qkv`, 3 * width, width, true, "outputs").address,
      // A head's part is multiplied as soon as it is there.
      reader.matrix(`${name}.out`, width, width, true, "blocks", headDim).address,
      reader.floats(`${name}.norm_mlp`, [2, width]),
      reader.matrix(`${name}.up`, hidden, width, true, "outputs").address,
      down.address,
    );
  });
  const positions = textPositions + tokenCount;
  const model = memory.struct(
    width,
    heads,
    layers,
    codeWidth,
    slots,
    memory.struct(...layerAddresses),
    reader.floats("norm", [2, width]),
    reader.matrix("text_in", width, manifest.text.width, false, "outputs").address,
    reader.floats("positions", [positions, width]),
    reader.floats("first", [codes + 1, width]),
    memory.put(vectors.data),
    sizes[0],
    reader.floats("maps", [slots - 1, 2, codeWidth, width]),
    reader.floats("missing", [slots - 1, width]),
    reader.floats("to_vector", [2, width, codeWidth]),
    reader.floats("to_vector.bias", [2, codeWidth]),
    reader.tensors.has("rotation") ? reader.floats("rotation", [positions, 2, headDim]) : 0,
  );
  const later = Number(reader.tensors.metadata["later"]);
  if (!(later >= 0 && later < slots)) throw reader.wrong("later");

  let start = 0;
  const codebooks = sizes.map((size, kind): KernelCodebook => {
    const own = vectors.data.subarray(start * codeWidth, (start + size) * codeWidth);
    start += size;
    const scales = kind === 0 ? 1 : scaleCount - 1;
    const name = kind === 0 ? "bias_approximation" : "bias_detail";
    const biases = reader.floats(name, kind === 0 ? [size] : [scales, size]);
    return {
      size,
      vectors: memory.put(inQuads(own, codeWidth)),
      biases: Array.from({ length: scales }, (_, scale) => biases + 4 * scale * size),
    };
  });
  return {
    model,
    width,
    hidden,
    hiddenBlocks,
    codebooks,
    neighbours: neighbours.data,
    slots,
    later,
  };
}

/** Checks tensors and puts them into the kernel's memory. */
class WeightsReader {
  constructor(
    private readonly memory: KernelMemory,
    readonly tensors: Safetensors,
    private readonly file: string,
  ) {}

  /** Address of floats of a known shape. */
  floats(name: string, shape: readonly number[]): number {
    const tensor = this.tensors.floats(name);
    this.shaped(name, tensor, shape);
    return this.memory.put(tensor.data);
  }

  /**
   * Address of a `Matrix` of so many outputs and inputs, and the inputs that share a scale.
   * @param order whose tiles come after each other: those of a block, or those of the same outputs
   * @param wanted inputs that have to share one, if it matters
   */
  matrix(
    name: string,
    rows: number,
    columns: number,
    hasBias: boolean,
    order: TileOrder,
    wanted?: number,
  ): { readonly address: number; readonly block: number } {
    const { memory } = this;
    const weights = this.tensors.bytes(name);
    this.shaped(name, weights, [rows, columns]);
    const scales = this.tensors.floats(`${name}.scales`);
    const blocks = this.shaped(`${name}.scales`, scales, [rows, null])[1] ?? 0;
    const block = columns / blocks;
    const isReadable = block % TILE === 0 && rows % TILE === 0;
    if (!isReadable || (wanted ?? block) !== block) throw this.wrong(name);
    const tile = TILE * block;
    const outputStep = order === "blocks" ? tile : TILE * columns;
    const blockStep = order === "blocks" ? rows * block : tile;
    const address = memory.struct(
      memory.put(inTiles(weights.data, columns, block, outputStep, blockStep)),
      memory.put(transposed(scales.data, rows, blocks)),
      hasBias ? this.floats(`${name}.bias`, [rows]) : 0,
      rows,
      columns,
      block,
      outputStep,
      blockStep,
    );
    return { address, block };
  }

  /** A tensor's shape, which has to be the expected one; null stands for any number. */
  shaped(
    name: string,
    { shape }: StoredTensor,
    expected: readonly (number | null)[],
  ): readonly number[] {
    const isRight =
      shape.length === expected.length &&
      shape.every((side, axis) => side > 0 && side === (expected[axis] ?? side));
    if (!isRight) throw this.wrong(name);
    return shape;
  }

  wrong(name: string): AppError {
    return new AppError(
      "BUNDLE_DAMAGED",
      `Expected ${name} in ${this.file} to suit the model's manifest but it has another shape; install the model again.`,
      { file: this.file, tensor: name },
    );
  }
}

/** (rows, columns) as tiles of 16 rows and a block of columns: pair of columns, row, the two. */
function inTiles(
  weights: Int8Array,
  columns: number,
  block: number,
  outputStep: number,
  blockStep: number,
): Int8Array {
  const result = new Int8Array(weights.length);
  for (let row = 0; row * columns < weights.length; row++) {
    const from = row * columns;
    const inTile = row % TILE;
    const ofRow = ((row - inTile) / TILE) * outputStep + 2 * inTile;
    for (let column = 0; column < columns; column += 2) {
      const inBlock = column % block;
      const to = ofRow + ((column - inBlock) / block) * blockStep + TILE * inBlock;
      result[to] = weights[from + column] ?? 0;
      result[to + 1] = weights[from + column + 1] ?? 0;
    }
  }
  return result;
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(values, (_, index) => {
    const row = index % rows;
    return values[row * columns + (index - row) / rows] ?? 0;
  });
}

/** (codes, width) as four codes, width: their products with one value are one instruction. */
function inQuads(vectors: Float32Array, width: number): Float32Array {
  const result = new Float32Array(vectors.length);
  for (let index = 0; index < vectors.length; index++) {
    const code = Math.floor(index / width);
    const quad = code - (code % QUAD);
    result[quad * width + (index % width) * QUAD + (code % QUAD)] = vectors[index] ?? 0;
  }
  return result;
}
