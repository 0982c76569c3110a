import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawTokens, drawVariations } from "../../src/engine/ar/draw-tokens.js";
import { readPrompts } from "../../src/engine/ar/sequences.js";
import type { TextPrefix } from "../../src/engine/ar/text-prefix.js";
import {
  largestDifference,
  readGolden,
  verifyModel,
  type Golden,
} from "../../src/engine/bundle/golden.js";
import { Model, TokenKind } from "../../src/engine/bundle/model.js";
import { createRandom } from "../../src/engine/sampling/random.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { openDebugModel, openModel } from "./debug-bundle.js";

const shippedFolder = join("models", "studio-128");

/** The shipped model as one without weights for the app's own decoder. */
async function openShippedGraph(): Promise<Model> {
  const { bundle, manifest } = await openModel(shippedFolder);
  const { arWeights: _, ...others } = manifest;
  return new Model({ ...bundle, manifest: others }, "cpu");
}

let model: Model;
let golden: Golden;
let prompts: PromptEncoder;
beforeAll(async () => {
  model = await openDebugModel();
  golden = await readGolden(model);
  prompts = new PromptEncoder(model);
});

const noPause = () => Promise.resolve();
const settings = { temperature: 1, topK: 0, topP: 1, guidance: 1, pause: noPause };

describe("a loaded bundle", () => {
  it("gives what was recorded with it", async () => {
    await expect(verifyModel(model)).resolves.toBeUndefined();
  });

  it("decodes a batch as it decodes each picture", async () => {
    const { imageSize, tokenCount } = model.layout;
    const image = { side: imageSize, data: golden.image };
    const requests = [TokenKind.code, TokenKind.masked, TokenKind.exact].map((kind) => ({
      image,
      codes: Int32Array.from(golden.codes),
      kinds: new Uint8Array(tokenCount).fill(kind),
    }));
    const together = await model.decodeBatch(requests);
    for (const [index, request] of requests.entries()) {
      const alone = await model.decode(request);
      expect(largestDifference(together[index]!.data, alone.data)).toBeLessThan(1e-5);
    }
  });

  it("passes exact tokens through to the pixel", async () => {
    const { imageSize, tokenCount } = model.layout;
    const decoded = await model.decode({
      image: { side: imageSize, data: golden.image },
      codes: new Int32Array(tokenCount),
      kinds: new Uint8Array(tokenCount).fill(TokenKind.exact),
    });
    expect(largestDifference(decoded.data, golden.image)).toBeLessThan(1e-5);
  });
});

describe("the prompt's tokens", () => {
  it("are those of the training side", async () => {
    expect([...(await prompts.tokenize(golden.prompt))]).toEqual(golden.inputIds);
  });

  it("are only the two marks for an empty prompt", async () => {
    expect([...(await prompts.tokenize(""))]).toEqual([golden.inputIds[0], golden.inputIds.at(-1)]);
  });

  it("are cut to the model's limit, the end mark kept", async () => {
    const ids = await prompts.tokenize("a very long tale of dogs ".repeat(40));
    expect(ids).toHaveLength(model.manifest.text.maxTokens);
    expect(ids.at(-1)).toBe(golden.inputIds.at(-1));
  });

  it("exist for any text", async () => {
    for (const text of ["写真 🎈 été", "\u0000\u0007", "x".repeat(5_000), "   "]) {
      const { count, data, width } = await prompts.encode(text);
      expect(data).toHaveLength(count * width);
      expect(data.every(Number.isFinite)).toBe(true);
    }
  });
});

/** The same weights, drawn by the bundle's graph and by the app's own decoder, and another model's graph. */
const DECODERS = {
  "the debug model's graph": openDebugModel,
  "the shipped model's graph": openShippedGraph,
  "the app's own decoder": () => openModel(shippedFolder),
} as const;

describe.each(Object.entries(DECODERS))("the steps of %s", (name, open) => {
  let own: Model;
  let known: Golden;
  let encoder: PromptEncoder;
  beforeAll(async () => {
    own = await open();
    known = await readGolden(own);
    encoder = new PromptEncoder(own);
  });
  afterAll(() => own.release());
  /** Activations in 8 bits are rounded by row, but what a step adds to a cache depends on the run. */
  const tolerance =
    name === "the app's own decoder" ? 0 : name.startsWith("the debug") ? 1e-3 : 0.5;
  const prefixOf = async (...texts: string[]) =>
    readPrompts(own, await Promise.all(texts.map((text) => encoder.encode(text))));
  /** Logits of the last of some tokens, kept. */
  const logitsOf = async (prefix: TextPrefix, last: number, codes: Int32Array) => {
    const sequences = prefix.open(everything(own));
    const [rows = []] = await sequences.logitsOf(range(0, last), codes);
    const kept = rows.map((row) => row.slice());
    sequences.release();
    return kept;
  };

  it("are run by what is named", async () => {
    expect((await own.decoder()) !== null).toBe(name === "the app's own decoder");
  });

  it("give the same logits whether tokens come one by one, in chunks or all at once", async () => {
    const prefix = await prefixOf(known.prompt);
    const codes = Int32Array.from(known.codes);
    const last = own.layout.tokenCount - 1;
    const [whole] = await logitsOf(prefix, last, codes);
    for (const chunk of [1, 5, 17]) {
      const sequences = prefix.open(everything(own));
      let logits: Float32Array | undefined;
      for (let first = 0; first <= last; first += chunk) {
        const tokens = range(first, Math.min(last, first + chunk - 1));
        logits = (await sequences.logitsOf(tokens, codes))[0]?.[0];
      }
      expect(largestDifference(logits, whole!)).toBeLessThanOrEqual(tolerance);
      sequences.release();
    }
  });

  it("do not depend on what else is in the batch, padding included", async () => {
    const texts = ["a brown dog runs over the green grass", ""];
    const codes = Int32Array.from(known.codes);
    const both = await logitsOf(await prefixOf(...texts), 9, codes);
    for (const [index, text] of texts.entries()) {
      const [alone] = await logitsOf(await prefixOf(text), 9, codes);
      expect(largestDifference(both[index], alone!)).toBeLessThanOrEqual(tolerance);
    }
    expect(largestDifference(both[0], both[1]!)).toBeGreaterThan(1e-3);
  });

  it("never read codes that are not known yet", async () => {
    const prefix = await prefixOf("");
    const codes = Int32Array.from(known.codes);
    const changed = codes.map((code, token) => (token < 20 ? code : 0));
    const [a] = await logitsOf(prefix, 20, codes);
    const [b] = await logitsOf(prefix, 20, changed);
    expect(largestDifference(a, b!)).toBe(0);
  });
});

describe("drawing", () => {
  it("draw the same codes for the same seed, others for another, and leave forced ones alone", async () => {
    const prefix = await readPrompts(model, [
      await prompts.encode("a dog"),
      await prompts.encode(""),
    ]);
    const codes = Int32Array.from(golden.codes);
    const isDrawn = Uint8Array.from(codes, (_, token) => (token >= 16 && token % 3 === 0 ? 1 : 0));
    const draw = (seed: number) =>
      drawTokens(
        model,
        prefix,
        { codes, isDrawn },
        { ...settings, guidance: 2, random: createRandom(seed) },
      );
    const first = await draw(7);
    expect([...(await draw(7))]).toEqual([...first]);
    expect([...(await draw(8))]).not.toEqual([...first]);
    first.forEach((code, token) => {
      if (isDrawn[token] === 0) expect(code).toBe(codes[token]);
      expect(code).toBeGreaterThanOrEqual(0);
    });
  });

  it("report every scale once, in order, and every token", async () => {
    const prefix = await readPrompts(model, [await prompts.encode("")]);
    const { tokenCount, scaleCount } = model.layout;
    const scales: number[] = [];
    const tokens: number[] = [];
    await drawVariations(
      model,
      prefix,
      {
        codes: new Int32Array(tokenCount),
        isDrawn: new Uint8Array(tokenCount).fill(1),
        randoms: [createRandom(1)],
      },
      model.layout.scales.map(() => settings),
      {
        pause: noPause,
        onToken: (token) => void tokens.push(token),
        onScale: (scale) => void scales.push(scale),
      },
    );
    expect(tokens).toEqual(Array.from({ length: tokenCount }, (_, token) => token));
    expect(scales).toEqual(Array.from({ length: scaleCount }, (_, scale) => scale));
  });
});

describe.each(Object.entries(DECODERS))("a sequence of %s", (_, open) => {
  let own: Model;
  beforeAll(async () => {
    own = await open();
  });
  afterAll(() => own.release());

  it("has the same bits whatever else is in the batch, however long the runs are", async () => {
    const encoder = new PromptEncoder(own);
    const texts = ["a red flower", ""];
    const prefix = await readPrompts(own, await Promise.all(texts.map((t) => encoder.encode(t))));
    const { tokenCount, tokensPerScale } = own.layout;
    const all = Array.from({ length: 16 }, (_, variation) =>
      Int32Array.from({ length: tokenCount }, (_, token) => (token * 5 + 7 * variation) % 16),
    );
    for (const chunk of [1, 3, 16]) {
      const together = prefix.open(everything(own)).repeat(all.length);
      const alone = [0, 1, 15].map((variation) => ({
        variation,
        sequences: prefix.open(everything(own)),
      }));
      // Past the first scale, so that both heads are asked and the caches grow.
      const runs = [range(0, 7), range(8, tokensPerScale - 2)].concat(
        [0, 1, 2]
          .map((run) => tokensPerScale - 1 + run * chunk)
          .map((first) => range(first, first + chunk - 1)),
      );
      for (const tokens of runs.filter(({ length }) => length > 0)) {
        const [rows = []] = await together.logitsOf(tokens, all);
        const kept = rows.map((row) => row.slice());
        for (const { variation, sequences } of alone) {
          const [row = []] = await sequences.logitsOf(tokens, all[variation]!);
          const mine = kept.slice(2 * variation, 2 * variation + 2);
          expect(mine.map((logits, at) => largestDifference(logits, row[at]!))).toEqual([0, 0]);
        }
      }
    }
  });
});

describe.each([
  ["the shipped model's graph", openShippedGraph],
  ["the app's own decoder", () => openModel(shippedFolder)],
] as const)("a model that sees around, drawn by %s", (_, open) => {
  it("reads codes that are given on all sides of a token, and no other later ones", async () => {
    const own = await open();
    expect(own.manifest.ar.around).toBe(true);
    const prefix = await readPrompts(own, [await new PromptEncoder(own).encode("")]);
    const { grid, tokenCount } = own.layout;
    const codes = Int32Array.from({ length: tokenCount }, (_, token) => (token * 5) % 16);
    const last = grid + 1;
    const logitsWith = async (changed: number, isDrawn: Uint8Array) => {
      const other = codes.map((code, token) => (token === changed ? code + 1 : code));
      const sequences = prefix.open(isDrawn);
      const [rows = []] = await sequences.logitsOf(range(0, last), other);
      const kept = rows[0]?.slice();
      sequences.release();
      return kept;
    };
    for (const changed of [last + 1, last + grid]) {
      const drawn = everything(own);
      const given = drawn.map((_, token) => (token === changed ? 0 : 1));
      const [without, before] = [await logitsWith(-1, drawn), await logitsWith(-1, given)];
      expect(largestDifference(await logitsWith(changed, drawn), without!)).toBe(0);
      expect(largestDifference(await logitsWith(changed, given), before!)).toBeGreaterThan(0);
    }
    await own.release();
  });
});

/** Nothing is given: all tokens are to be drawn. */
function everything({ layout }: Model): Uint8Array {
  return new Uint8Array(layout.tokenCount).fill(1);
}

/** Tokens from the first to the last one, both included. */
function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
