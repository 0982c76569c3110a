import type { BitDepth } from "../../core/raster.js";
import type { BundleManifest, EnlargeNetwork } from "../../shared/bundle-manifest.js";
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
   * The network for a factor, of the other speed if the bundle has only that; null if it has none.
   *
   * [Note: integers] A network may be there in floating point and once more in 8 bits, which takes a
   * third of the time on a CPU and errs by some tenths of a level of 8 bits: too much for pictures
   * of 16, and what other devices compute in 8 bits they mostly leave to the CPU.
   */
  enlarger(factor: number, speed: EnlargeNetwork["speed"], depth: BitDepth): Enlarger | null {
    const wanted = this.provider === "cpu" && depth === 8 ? [8, 32] : [32, 8];
    const candidates = this.enlargers
      .filter(({ network }) => network.factor === factor)
      .toSorted((a, b) => wanted.indexOf(bitsOf(a)) - wanted.indexOf(bitsOf(b)));
    return candidates.find(({ network }) => network.speed === speed) ?? candidates[0] ?? null;
  }

  /** Frees all sessions. */
  async release(): Promise<void> {
    for (const enlarger of this.enlargers) await enlarger.release();
  }
}

/** Bits that a network computes in; what is stored in 16 is computed in 32. */
function bitsOf({ network }: Enlarger): number {
  return network.precision === "int8" ? 8 : 32;
}
