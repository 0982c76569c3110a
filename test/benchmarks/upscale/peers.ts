import { existsSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import type { Raster } from "../../../src/core/raster.js";
import { floatOutput, floatTensor } from "../../../src/engine/bundle/graph.js";
import { sessionOptions } from "../../../src/engine/device/device.js";

/** The `@upscalerjs` packages that we compare with. */
export const PEERS = ["esrgan-slim", "esrgan-medium", "esrgan-thick"] as const;
export type PeerName = (typeof PEERS)[number];

export function peerFile(folder: string, name: PeerName, factor: number): string {
  return join(folder, `${name}-x${factor}.onnx`);
}

/** @throws Error that says how the converted networks are made, if one of them is not there */
export function requirePeers(folder: string, factors: readonly number[]): void {
  const files = PEERS.flatMap((name) => factors.map((factor) => peerFile(folder, name, factor)));
  const missing = files.find((file) => !existsSync(file));
  if (missing === undefined) return;
  throw new Error(
    `Expected ${missing} but it is not there. The networks to compare with come from npm and are converted once, by a Python that has the training package: npm run bench:peers -- --out ${folder} --python PYTHON. Or compare without them: --without-peers.`,
  );
}

/** A converted network: the whole picture in one run, as its own library does it by default. */
export class Peer {
  #session: Promise<InferenceSession> | undefined;

  constructor(private readonly file: string) {}

  /** Interleaved samples in levels, neither rounded nor clipped. */
  async predict(source: Raster, factor: number): Promise<Float32Array> {
    this.#session ??= InferenceSession.create(this.file, sessionOptions("cpu"));
    const session = await this.#session;
    const { width, height, data } = source;
    const area = width * height;
    const planes = new Float32Array(3 * area);
    data.forEach((value, at) => {
      planes[(at % 3) * area + Math.floor(at / 3)] = value / 127.5 - 1;
    });
    const image = floatTensor(planes, [1, 3, height, width]);
    const enlarged = area * factor ** 2;
    const output = floatOutput(await session.run({ image }), "enlarged", 3 * enlarged);
    const result = new Float32Array(3 * enlarged);
    for (let pixel = 0; pixel < enlarged; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        result[3 * pixel + channel] = 127.5 * (output[channel * enlarged + pixel]! + 1);
      }
    }
    return result;
  }
}
