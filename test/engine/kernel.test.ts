import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { compiledKernels, KERNELS_FILE } from "../../scripts/lib/compile-kernels.js";
import { AppError } from "../../src/core/errors.js";
import { KernelDecoder } from "../../src/engine/ar/kernel/kernel-decoder.js";
import { readPromptsByKernel } from "../../src/engine/ar/kernel/kernel-sequences.js";
import { readPrompts } from "../../src/engine/ar/sequences.js";
import type { Sequences } from "../../src/engine/ar/text-prefix.js";
import { largestDifference, readGolden } from "../../src/engine/bundle/golden.js";
import { Model } from "../../src/engine/bundle/model.js";
import { tokenProbabilities } from "../../src/engine/sampling/draw.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { openModel } from "./debug-bundle.js";

const folder = join("models", "studio-128");
let model: Model;
let bytes: Uint8Array;
let codes: Int32Array;
const decoders: KernelDecoder[] = [];
beforeAll(async () => {
  model = await openModel(folder);
  bytes = await readFile(join(folder, model.manifest.arWeights?.file ?? ""));
  codes = Int32Array.from((await readGolden(model)).codes);
  return () => model.release();
});
afterEach(() => {
  for (const decoder of decoders.splice(0)) decoder.release();
});

async function decoderOf(threads: number, file = bytes): Promise<KernelDecoder> {
  const decoder = await KernelDecoder.load(file, model.manifest, model.layout, threads);
  decoders.push(decoder);
  return decoder;
}

/** Logits of some tokens, one after another. */
async function logitsOf(sequences: Sequences, count: number): Promise<Float32Array[]> {
  const kept: Float32Array[] = [];
  for (let token = 0; token < count; token++) {
    const [rows = []] = await sequences.logitsOf([token], codes);
    kept.push(...rows.map((row) => row.slice()));
  }
  return kept;
}

const everything = () => new Uint8Array(model.layout.tokenCount).fill(1);

describe("the app's own decoder", () => {
  it("is what its source compiles to", async () => {
    expect(await readFile(KERNELS_FILE, "utf8")).toBe(await compiledKernels());
  });

  it("draws from the distributions of the bundle's graph", async () => {
    const { arWeights: _, ...manifest } = model.manifest;
    const graph = new Model({ ...model.bundle, manifest }, "cpu");
    const prompt = await new PromptEncoder(model).encode("a dog runs across the grass");
    const [ours = [], theirs = []] = await Promise.all(
      [model, graph].map(async (own) =>
        logitsOf((await readPrompts(own, [prompt])).open(everything()), 150),
      ),
    );
    const settings = { temperature: 1, topK: 0, topP: 1 };
    const divergences = ours.map((logits, token) => {
      const own = tokenProbabilities({ logits, guidance: 1 }, settings);
      const other = tokenProbabilities({ logits: theirs[token]!, guidance: 1 }, settings);
      return own.reduce(
        (sum, p, code) => sum + (p > 0 ? p * Math.log(p / Math.max(other[code]!, 1e-38)) : 0),
        0,
      );
    });
    // In nats; the graph rounds activations to 8 bits and we to 16.
    expect(divergences.reduce((a, b) => a + b, 0) / divergences.length).toBeLessThan(1e-3);
    await graph.release();
  });

  it("gives the same bits with any number of threads", async () => {
    const prompt = await new PromptEncoder(model).encode("a red flower");
    const all: Float32Array[][] = [];
    for (const threads of [1, 2, 3, 4, 9]) {
      const prefix = readPromptsByKernel(await decoderOf(threads), [prompt, prompt]);
      all.push(await logitsOf(prefix.open(everything()), 70));
    }
    for (const other of all.slice(1)) {
      expect(other.map((row, at) => largestDifference(row, all[0]![at]!))).toEqual(
        other.map(() => 0),
      );
    }
  });

  it("reads known tokens of many sequences in short runs, to the same bits", async () => {
    const decoder = await decoderOf(2);
    const prompts = new PromptEncoder(model);
    const texts = [await prompts.encode("a red flower"), await prompts.encode("")];
    const prefix = readPromptsByKernel(decoder, texts);
    const known = Array.from({ length: 16 }, (_, v) => codes.map((code) => (code + v) % 8));
    const tokens = Array.from({ length: 16 }, (_, token) => token);
    const alone: Float32Array[] = [];
    for (const own of known) {
      const sequences = prefix.open(everything()).repeat(1);
      const [rows = []] = await sequences.logitsOf(tokens, own);
      alone.push(...rows.map((row) => row.slice()));
      sequences.release();
    }
    const lengths: number[] = [];
    const run = decoder.run.bind(decoder);
    decoder.run = (rows, wanted) => {
      lengths.push(rows.length);
      return run(rows, wanted);
    };
    let pauses = 0;
    const many = prefix.open(everything()).repeat(16);
    const pause = async () => void pauses++;
    const [together = []] = await many.logitsOf(tokens, known, 1, pause);
    expect(together.map((row, at) => largestDifference(row, alone[at]!))).toEqual(
      together.map(() => 0),
    );
    expect(together).toHaveLength(32);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(64);
    expect(pauses).toBeGreaterThanOrEqual(8);
    many.release();
  });

  it("uses the memory of sequences that were given back", async () => {
    const decoder = await decoderOf(1);
    const prompt = await new PromptEncoder(model).encode("");
    const prefix = readPromptsByKernel(decoder, [prompt, prompt]);
    const draw = async () => {
      const one = prefix.open(everything());
      await one.logitsOf([0], codes);
      const many = one.repeat(4);
      one.release();
      await many.logitsOf([1], [codes, codes, codes, codes]);
      many.release();
      return decoder.memory.memory.buffer.byteLength;
    };
    const before = await draw();
    for (let time = 0; time < 20; time++) expect(await draw()).toBe(before);
  });

  it("gives back what it took of the memory when there is too little for all sequences", async () => {
    const decoder = await decoderOf(1);
    const prompt = await new PromptEncoder(model).encode("");
    const prefix = readPromptsByKernel(decoder, [prompt, prompt]);
    const one = prefix.open(everything());
    await one.logitsOf([0], codes);
    const { memory } = decoder;
    const allocate = memory.allocate.bind(memory);
    /** Calls that find memory, until there is none. */
    let left = 3;
    memory.allocate = (bytes) => {
      if (left-- > 0) return allocate(bytes);
      throw new AppError("OUT_OF_MEMORY", "full");
    };
    expect(() => one.repeat(4)).toThrow("full");
    // Three of the eight were found, and are there for whoever asks next.
    const two = prefix.open(everything());
    expect(() => prefix.open(everything())).toThrow("full");
    expect(decoder.caches.take()).toBeGreaterThan(0);
    expect(() => decoder.caches.take()).toThrow("full");
    two.release();
    one.release();
  });

  it.each([1, 2])("of %i threads says so when it is used after its release", async (threads) => {
    const decoder = await decoderOf(threads);
    const prompt = await new PromptEncoder(model).encode("");
    const sequences = readPromptsByKernel(decoder, [prompt]).open(everything());
    await sequences.logitsOf([0], codes);
    decoder.release();
    await expect(sequences.logitsOf([1], codes)).rejects.toThrow(
      /loaded while it draws but it was released/,
    );
    sequences.release();
  });

  it("refuses weights that are cut off, of another model, or none", async () => {
    const truncated = bytes.subarray(0, bytes.length - 1000);
    const refusal = { code: "BUNDLE_DAMAGED" };
    await expect(decoderOf(1, truncated)).rejects.toMatchObject(refusal);
    await expect(decoderOf(1, new Uint8Array(4))).rejects.toMatchObject(refusal);
    await expect(decoderOf(1, new TextEncoder().encode("PNG".repeat(50)))).rejects.toMatchObject(
      refusal,
    );
    const { ar } = model.manifest;
    const other = { ...model.manifest, ar: { ...ar, heads: 2 * ar.heads } };
    await expect(KernelDecoder.load(bytes, other, model.layout, 1)).rejects.toMatchObject(refusal);
  });
});
