import type { BitDepth } from "../../core/raster.js";
import type { BundleManifest } from "../../shared/bundle-manifest.js";
import type { UpscaleSpeed } from "../../shared/models.js";
import type { Provider } from "../device/device.js";
import type { Bundle } from "./bundle.js";
import { Enlarger } from "./enlarger.js";
import { Graph } from "./graph.js";

/** A loaded bundle as far as its networks go, which is all of one that only enlarges. */
export class EnlargingModel {
  readonly manifest: BundleManifest;
  readonly enlargers: readonly Enlarger[];

  constructor(
    readonly bundle: Bundle,
    readonly provider: Provider,
  ) {
    this.manifest = bundle.manifest;
    this.enlargers = (this.manifest.enlarge ?? []).map((network) => {
      const name = network.file.replace(/\.onnx$/, "");
      return new Enlarger(network, new Graph(bundle, name, network, provider));
    });
  }

  /**
   * The network for a factor, of the nearest other speed if the bundle lacks the one asked for; null if it has none.
   *
   * [Note: integers] A network may be there in floating point and once more in 8 bits, which takes a
   * third of the time on a CPU and errs by some tenths of a level of 8 bits: too much for pictures
   * of 16, and what other devices compute in 8 bits they mostly leave to the CPU.
   */
  enlarger(factor: number, speed: UpscaleSpeed, depth: BitDepth): Enlarger | null {
    const bits = this.provider === "cpu" && depth === 8 ? [8, 32] : [32, 8];
    const speeds = NEAREST_SPEEDS[speed];
    const rank = (enlarger: Enlarger) =>
      speeds.indexOf(enlarger.network.speed) * bits.length + bits.indexOf(bitsOf(enlarger));
    const candidates = this.enlargers.filter(({ network }) => network.factor === factor);
    return candidates.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
  }

  /** Frees all sessions. */
  async release(): Promise<void> {
    for (const enlarger of this.enlargers) await enlarger.release();
  }
}

/** The speeds of networks that may serve one that was asked for, the nearest first. */
const NEAREST_SPEEDS: Record<UpscaleSpeed, readonly UpscaleSpeed[]> = {
  finest: ["finest", "best", "fast"],
  best: ["best", "fast", "finest"],
  fast: ["fast", "best", "finest"],
};

/** Bits that a network computes in; what is stored in 16 is computed in 32. */
function bitsOf({ network }: Enlarger): number {
  return network.precision === "int8" ? 8 : 32;
}
