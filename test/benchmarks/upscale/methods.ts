import { join } from "node:path";
import { createRaster, maxSampleOf, type Raster } from "../../../src/core/raster.js";
import { roundUpscaled } from "../../../src/core/rounding/upscale.js";
import type { LoadedModel } from "../../../src/engine/jobs/prompts.js";
import { runUpscale } from "../../../src/engine/jobs/run-upscale.js";
import { sharp } from "../../../src/engine/files/sharp.js";
import type { UpscaleSpeed } from "../../../src/shared/models.js";
import { Peer, PEERS, peerFile } from "./peers.js";
import { bicubic, lanczos3, resample, type Kernel } from "./resample.js";

/** What is appended to the names of those whose result was projected onto the block means. */
export const PROJECTED = " + P";

export type Factor = 2 | 4 | 8;

/** One way to make the end of a prediction; several may share what came before. */
export interface Ending {
  readonly name: string;
  readonly finish: () => Raster;
}

/** Enlarges RGB pictures of 8 bits by one factor. */
export interface Method {
  readonly name: string;
  /** An ONNX file whose operations bound the time; null if there is none. */
  readonly graph: string | null;
  readonly predict: (source: Raster) => Promise<readonly Ending[]>;
}

/** All methods for a factor, ours first. @param peers folder of the converted networks, or null */
export function methodsFor(
  loaded: LoadedModel,
  factor: Factor,
  peers: string | null,
): readonly Method[] {
  const classical = (name: string, kernel: Kernel): Method => ({
    name,
    graph: null,
    predict: async (source) => endings(name, source, factor, resample(source, factor, kernel)),
  });
  return [
    ...ourMethods(loaded, factor),
    single("pixels repeated", async (source) => repeat(source, factor)),
    single("sharp, Lanczos3", (source) => bySharp(source, factor)),
    classical("bicubic", bicubic),
    classical("Lanczos3", lanczos3),
    ...(peers === null ? [] : PEERS.map((name) => peerMethod(name, peers, factor))),
  ];
}

/** Our ways: the two networks, the mean of the larger one's views, and the decoder of the tokens where a bundle has no network. */
export const OUR_WAYS = ["best", "fast", "finest", "decoder"] as const;

/** The name of one of our ways, as in the table. */
export function ourName(way: (typeof OUR_WAYS)[number]): string {
  return `Spectral, ${way}`;
}

/** The whole road of the app: tiles with halos, networks, rounding; tile sizes found while it runs. */
function ourMethods(loaded: LoadedModel, factor: Factor): Method[] {
  const { model } = loaded;
  const context = {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onPreview: () => undefined,
  };
  const method = (name: string, speed: UpscaleSpeed, graph: string | null): Method => {
    const request = { factor, speed, creativity: 0, prompt: "", seed: 0, guidance: 1 };
    return { ...single(name, (source) => runUpscale(loaded, source, request, context)), graph };
  };
  // The networks that the app takes for pictures of 8 bits; a bundle may have one speed only.
  const networks = (["best", "fast"] as const)
    .map((speed) => ({ speed, network: model.enlarger(factor, speed, 8)?.network }))
    .filter(({ speed, network }) => network?.speed === speed);
  if (networks.length === 0) return [method(ourName("decoder"), "best", null)];
  const ways = networks.map(({ speed, network }) =>
    method(ourName(speed), speed, network ? join(model.bundle.folder, network.file) : null),
  );
  const hasBest = networks.some(({ speed }) => speed === "best");
  return hasBest ? [...ways, method(ourName("finest"), "finest", null)] : ways;
}

function peerMethod(name: (typeof PEERS)[number], folder: string, factor: Factor): Method {
  const graph = peerFile(folder, name, factor);
  const peer = new Peer(graph);
  return {
    name,
    graph,
    predict: async (source) => endings(name, source, factor, await peer.predict(source, factor)),
  };
}

function single(name: string, enlarge: (source: Raster) => Promise<Raster>): Method {
  return {
    name,
    graph: null,
    predict: async (source) => {
      const raster = await enlarge(source);
      return [{ name, finish: () => raster }];
    },
  };
}

/** Rounding and clipping, or projection onto the block means. */
function endings(name: string, source: Raster, factor: number, prediction: Float32Array): Ending[] {
  return [
    { name, finish: () => rounded(prediction, source, factor) },
    { name: name + PROJECTED, finish: () => roundUpscaled(prediction, source, factor) },
  ];
}

function rounded(
  prediction: Float32Array,
  { width, height, channels, depth }: Raster,
  factor: number,
) {
  const result = createRaster(width * factor, height * factor, channels, depth);
  const most = maxSampleOf(depth);
  prediction.forEach((value, i) => {
    result.data[i] = Math.max(0, Math.min(most, Math.round(value)));
  });
  return result;
}

function repeat(source: Raster, factor: number): Raster {
  return roundUpscaled(new Float32Array(source.data.length * factor ** 2), source, factor);
}

async function bySharp({ width, height, channels, depth, data }: Raster, factor: number) {
  const enlarged = await sharp(data, { raw: { width, height, channels } })
    .resize(width * factor, height * factor, { kernel: "lanczos3", fit: "fill" })
    .raw()
    .toBuffer();
  return createRaster(width * factor, height * factor, channels, depth, new Uint8Array(enlarged));
}
