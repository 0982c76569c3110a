import type { EnlargeNetwork } from "../../shared/bundle-manifest.js";
import { AppError } from "../../core/errors.js";
import { floatOutput, floatTensor, type Graph } from "./graph.js";

/** Three planes of any size, channel-first, nominally in [-1, 1]: `data.length === 3 * width * height`. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** What enlarges: a network, or several runs of one. */
export interface EnlargingNetwork {
  /** How many runs of the network a picture takes. */
  readonly views: number;
  readonly network: Pick<EnlargeNetwork, "factor" | "halo">;
  /** Kept from job to job, so that the first tile of the next one has a good size already. */
  readonly pace: Pace;
  /** Loads the network, so that the next run takes the time of a run. */
  ready(): Promise<void>;
  /** @param between called between two runs of the network, and may throw */
  run(planes: Planes, between?: () => Promise<void>): Promise<Planes>;
}

/** How fast something turned out to be. */
export class Pace {
  #msPerPixel: number | null = null;

  /** Milliseconds that an input pixel takes, or null as long as nothing is known. */
  get msPerPixel(): number | null {
    return this.#msPerPixel;
  }

  /** Learns from a run; what was before counts as much, since machines have more to do at times. */
  note(pixels: number, milliseconds: number): void {
    const found = milliseconds / pixels;
    this.#msPerPixel = this.#msPerPixel === null ? found : (this.#msPerPixel + found) / 2;
  }
}

/** A convolutional network that enlarges pictures of any size. */
export class Enlarger implements EnlargingNetwork {
  readonly views = 1;
  readonly pace = new Pace();
  #check: Promise<void> | undefined;

  constructor(
    readonly network: EnlargeNetwork,
    private readonly graph: Graph,
  ) {}

  /** @throws AppError BUNDLE_DAMAGED, OUT_OF_MEMORY, ENGINE_OUTPUT_INVALID */
  async ready(): Promise<void> {
    this.#check ??= this.verify();
    try {
      await this.#check;
    } catch (error) {
      // Another time there may be memory enough.
      this.#check = undefined;
      throw error;
    }
  }

  /**
   * What every such network promises: the means of the enlarged blocks are the picture. A device that
   * computes wrongly, or a graph of another kind, hardly keeps that by chance.
   * @throws AppError BUNDLE_DAMAGED, OUT_OF_MEMORY, ENGINE_OUTPUT_INVALID
   */
  async verify(): Promise<void> {
    const side = CHECK_SIDE;
    const data = Float32Array.from({ length: 3 * side * side }, (_, i) => Math.sin(i * i));
    const enlarged = await this.#enlarge({ width: side, height: side, data });
    const { factor, file } = this.network;
    const means = new Float64Array(data.length);
    enlarged.data.forEach((value, at) => {
      const row = Math.floor(at / enlarged.width / factor);
      const pixel = row * side + Math.floor((at % enlarged.width) / factor);
      means[pixel] = (means[pixel] ?? 0) + value / factor ** 2;
    });
    const isKept = data.every((value, i) => Math.abs(value - (means[i] ?? 0)) <= MEAN_TOLERANCE);
    if (isKept) return;
    throw new AppError(
      "ENGINE_OUTPUT_INVALID",
      `Expected ${file} to keep the mean of every block but it does not; use another device, or install the model again.`,
      { file },
    );
  }

  /**
   * The picture enlarged by the network's factor. It blocks this thread until it is done.
   * @throws AppError BUNDLE_DAMAGED, OUT_OF_MEMORY, ENGINE_OUTPUT_INVALID
   */
  async run(planes: Planes): Promise<Planes> {
    await this.ready();
    return this.#enlarge(planes);
  }

  /** Frees the session; a later run makes a new one. */
  async release(): Promise<void> {
    this.#check = undefined;
    await this.graph.release();
  }

  async #enlarge({ width, height, data }: Planes): Promise<Planes> {
    const { factor } = this.network;
    const outputs = await this.graph.run({ image: floatTensor(data, [1, 3, height, width]) });
    const enlarged = { width: width * factor, height: height * factor };
    const length = 3 * enlarged.width * enlarged.height;
    return { ...enlarged, data: floatOutput(outputs, "enlarged", length) };
  }
}

/** Side of the picture that a network is tried on. */
const CHECK_SIDE = 16;
/** Some levels of 8 bits: what low precision may cost, and what rounding to the sums puts right. */
const MEAN_TOLERANCE = 0.03;
