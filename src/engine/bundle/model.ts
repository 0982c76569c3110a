import { AppError } from "../../core/errors.js";
import type { TokenLayout } from "../../core/layout.js";
import type { ModelImage } from "../../core/model-image.js";
import type { DrawingManifest } from "../../shared/bundle-manifest.js";
import type { Provider } from "../device/device.js";
import { KernelDecoder } from "../ar/kernel/kernel-decoder.js";
import {
  GRAPH_NAMES,
  readBundleFile,
  type Bundle,
  type DrawingBundle,
  type GraphName,
} from "./bundle.js";
import { EnlargingModel } from "./enlarging-model.js";
import { Graph, floatOutput, floatTensor, int64Output, int64Tensor } from "./graph.js";
import { coarsePictureName, takesCoarseScales } from "./ports.js";

/** What the decoder takes for a token. */
export const TokenKind = {
  /** Not there yet: the decoder predicts its mean. */
  masked: 0,
  /** Use the code. */
  code: 1,
  /** Use the coefficients of the picture that is handed in. */
  exact: 2,
} as const;

/** One picture to decode; `codes` and `kinds` have a value for each token. */
export interface DecodeRequest {
  /** Gives the coefficients of exact tokens; any values elsewhere. */
  readonly image: ModelImage;
  readonly codes: Int32Array;
  readonly kinds: Uint8Array;
}

/** A loaded bundle that draws: typed calls on its graphs. */
export class Model extends EnlargingModel {
  override readonly manifest: DrawingManifest;
  readonly layout: TokenLayout;
  readonly graphs: Readonly<Record<GraphName, Graph>>;
  #decoder: Promise<KernelDecoder | null> | undefined;

  constructor(
    override readonly bundle: DrawingBundle,
    provider: Provider,
  ) {
    super(bundle, provider);
    this.manifest = bundle.manifest;
    this.layout = bundle.layout;
    const graph = (name: GraphName) => new Graph(bundle, name, this.manifest.files[name], provider);
    this.graphs = {
      encoder: graph("encoder"),
      decoder: graph("decoder"),
      ar: graph("ar"),
      text: graph("text"),
    };
  }

  /** Codes of a picture, one for each token. */
  async encode(image: ModelImage): Promise<Int32Array> {
    const { tokenCount, imageSize } = this.layout;
    const outputs = await this.graphs.encoder.run({
      image: floatTensor(image.data, [1, 3, imageSize, imageSize]),
    });
    return Int32Array.from(int64Output(outputs, "codes", tokenCount), Number);
  }

  /** Decodes a picture; values are nominally in [-1, 1] but not clipped. */
  async decode(request: DecodeRequest): Promise<ModelImage> {
    const [image] = await this.decodeBatch([request]);
    if (image) return image;
    throw new RangeError("a batch of one gives one picture");
  }

  /**
   * The picture that the coarsest scales make, as small as they are, in a fraction of the time; all
   * scales, and so the whole picture, where the decoder takes no fewer.
   * @param scales at least 1
   */
  async decodeCoarse(request: DecodeRequest, scales: number): Promise<ModelImage> {
    // Other providers are not known to take the empty tensors that absent scales are.
    const isStaged = this.provider === "cpu" && takesCoarseScales(this.manifest.files.decoder);
    const [image] = await this.#decode([request], isStaged ? scales : null);
    if (image) return image;
    throw new RangeError("a batch of one gives one picture");
  }

  /** Decodes several pictures in one run; on a CPU that takes as long as one after another. */
  async decodeBatch(requests: readonly DecodeRequest[]): Promise<ModelImage[]> {
    return this.#decode(requests, null);
  }

  /** @param scales null for all */
  async #decode(requests: readonly DecodeRequest[], scales: number | null): Promise<ModelImage[]> {
    const { imageSize, scaleCount, tokensPerScale } = this.layout;
    const known = Math.min(scales ?? scaleCount, scaleCount);
    const tokenCount = known * tokensPerScale;
    const output = known === scaleCount ? "reconstruction" : coarsePictureName(known - 1);
    const side = imageSize / 2 ** (scaleCount - known);
    const count = requests.length;
    const inputArea = 3 * imageSize * imageSize;
    const images = new Float32Array(count * inputArea);
    const codes = new BigInt64Array(count * tokenCount);
    const kinds = new BigInt64Array(count * tokenCount);
    requests.forEach((request, index) => {
      images.set(request.image.data, index * inputArea);
      codes.set(toInt64(request.codes.subarray(0, tokenCount)), index * tokenCount);
      kinds.set(toInt64(request.kinds.subarray(0, tokenCount)), index * tokenCount);
    });
    const outputs = await this.graphs.decoder.run({
      image: floatTensor(images, [count, 3, imageSize, imageSize]),
      codes: int64Tensor(codes, [count, tokenCount]),
      kinds: int64Tensor(kinds, [count, tokenCount]),
    });
    const area = 3 * side * side;
    const data = floatOutput(outputs, output, count * area);
    requireFinite(data, this.manifest.id);
    return requests.map((_, index) => ({
      side,
      data: data.slice(index * area, (index + 1) * area),
    }));
  }

  /**
   * The app's own decoder of AR-SIT, made when it is first needed; null where the graph `ar` is what
   * draws: on other devices, and for a bundle without weights for it.
   * @throws AppError BUNDLE_DAMAGED
   */
  decoder(): Promise<KernelDecoder | null> {
    return (this.#decoder ??= this.#loadDecoder());
  }

  async #loadDecoder(): Promise<KernelDecoder | null> {
    const { arWeights } = this.manifest;
    if (this.provider !== "cpu" || arWeights === undefined) return null;
    const bytes = await readBundleFile(this.bundle, arWeights.file);
    try {
      return await KernelDecoder.load(bytes, this.manifest, this.layout);
    } catch (error) {
      // Some systems do not let a process have so much address space; the graph needs none.
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  override async release(): Promise<void> {
    const decoder = await this.#decoder?.catch(() => null);
    this.#decoder = undefined;
    decoder?.release();
    for (const name of GRAPH_NAMES) await this.graphs[name].release();
    await super.release();
  }
}

/** What a bundle is loaded as; nothing is read before it is used. */
export function modelOf(bundle: Bundle, provider: Provider): Model | EnlargingModel {
  return bundle.layout === null
    ? new EnlargingModel(bundle, provider)
    : new Model(bundle, provider);
}

/** Integers as the runtime wants them. */
export function toInt64(values: Int32Array | Uint8Array): BigInt64Array {
  return BigInt64Array.from(values, BigInt);
}

function requireFinite(data: Float32Array, model: string): void {
  // A sum is NaN or infinite as soon as one value is; cheaper than a test for each.
  let sum = 0;
  for (const value of data) sum += value;
  if (Number.isFinite(sum)) return;
  throw new AppError(
    "ENGINE_OUTPUT_INVALID",
    `Expected finite pixels from the model ${model} but got others; its device computes wrongly, choose another one.`,
    { model },
  );
}
