import type { EnlargeNetwork } from "../../shared/bundle-manifest.js";
import { floatOutput, floatTensor, type Graph } from "./graph.js";

/** Three planes of any size, channel-first, nominally in [-1, 1]: `data.length === 3 * width * height`. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** What enlarges; {@link Enlarger} is the one there is. */
export interface EnlargingNetwork {
  readonly network: Pick<EnlargeNetwork, "factor" | "halo">;
  run(planes: Planes): Promise<Planes>;
}

/** A convolutional network that enlarges pictures of any size. */
export class Enlarger implements EnlargingNetwork {
  constructor(
    readonly network: EnlargeNetwork,
    private readonly graph: Graph,
  ) {}

  /**
   * The picture enlarged by the network's factor. It blocks this thread until it is done.
   * @throws AppError BUNDLE_DAMAGED, OUT_OF_MEMORY, ENGINE_OUTPUT_INVALID
   */
  async run({ width, height, data }: Planes): Promise<Planes> {
    const { factor } = this.network;
    const outputs = await this.graph.run({ image: floatTensor(data, [1, 3, height, width]) });
    const enlarged = { width: width * factor, height: height * factor };
    const length = 3 * enlarged.width * enlarged.height;
    return { ...enlarged, data: floatOutput(outputs, "enlarged", length) };
  }

  /** Frees the session; a later run makes a new one. */
  release(): Promise<void> {
    return this.graph.release();
  }
}
