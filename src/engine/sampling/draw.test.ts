import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as guided from "./draw.js";
import { createRandom } from "./random.js";
import { WeighedTokens } from "./weighed-tokens.js";

type Settings = guided.DrawSettings;
type Random = ReturnType<typeof createRandom>;
const tokenProbabilities = (logits: Float32Array, settings: Settings) =>
  guided.tokenProbabilities({ logits, guidance: 1 }, settings);
const drawToken = (logits: Float32Array, settings: Settings, random: Random) =>
  guided.drawToken({ logits, guidance: 1 }, settings, random);

const all = { temperature: 1, topK: 0, topP: 1 };
const logitArrays = fc
  .array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 40 })
  .map((values) => Float32Array.from(values));
const settings = fc.record({
  temperature: fc.double({ min: 0.05, max: 5, noNaN: true }),
  topK: fc.integer({ min: 0, max: 50 }),
  topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
});

describe("drawing a token", () => {
  it("follows a distribution that sums to 1", () => {
    fc.assert(
      fc.property(logitArrays, settings, (logits, chosen) => {
        const probabilities = tokenProbabilities(logits, chosen);
        expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      }),
    );
  });

  it("always keeps the likeliest token and drops only less likely ones", () => {
    fc.assert(
      fc.property(logitArrays, settings, (logits, chosen) => {
        const probabilities = tokenProbabilities(logits, chosen);
        const kept = [...logits].filter((_, token) => probabilities[token]! > 0);
        const dropped = [...logits].filter((_, token) => probabilities[token] === 0);
        expect(kept).toContain(Math.max(...logits));
        for (const logit of dropped) expect(logit).toBeLessThanOrEqual(Math.min(...kept));
      }),
    );
  });

  it("keeps k tokens where none tie", () => {
    const logits = Float32Array.from({ length: 20 }, (_, i) => (i * 7) % 20);
    for (const topK of [1, 2, 5, 19, 20, 100]) {
      const kept = tokenProbabilities(logits, { ...all, topK }).filter((p) => p > 0);
      expect(kept).toHaveLength(Math.min(topK, 20));
    }
  });

  it("keeps the fewest tokens that reach the wanted share", () => {
    const logits = Float32Array.from([0.5, 0.3, 0.15, 0.05], Math.log);
    const kept = (topP: number) =>
      tokenProbabilities(logits, { ...all, topP }).filter((p) => p > 0).length;
    expect([0.4, 0.6, 0.85, 0.97, 1].map(kept)).toEqual([1, 2, 3, 4, 4]);
  });

  it("draws with the frequencies of the softmax", () => {
    const logits = Float32Array.from([0.5, 0.3, 0.2], Math.log);
    const random = createRandom(1);
    const counts = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) counts[drawToken(logits, all, random)]! += 1;
    expect(counts[0]! / 20_000).toBeCloseTo(0.5, 1);
    expect(counts[1]! / 20_000).toBeCloseTo(0.3, 1);
    expect(counts[2]! / 20_000).toBeCloseTo(0.2, 1);
  });

  it("draws with the frequencies that its settings leave, however small the nucleus", () => {
    // Ties, a long tail, and tokens without weight.
    const logits = Float32Array.from(
      { length: 60 },
      (_, i) => (i < 20 ? 3 : i % 7) - (i > 50 ? 99 : 0),
    );
    for (const topP of [0.05, 0.4, 0.5, 0.7, 0.9, 0.999]) {
      for (const topK of [0, 30]) {
        const chosen = { temperature: 0.8, topK, topP };
        const expected = tokenProbabilities(logits, chosen);
        const random = createRandom(5);
        const count = 40_000;
        const seen = new Float64Array(logits.length);
        for (let i = 0; i < count; i++) seen[drawToken(logits, chosen, random)]! += 1 / count;
        for (const [token, probability] of expected.entries()) {
          // Five standard deviations of a binomial share.
          const allowed = 5 * Math.sqrt((probability * (1 - probability)) / count);
          expect(Math.abs(seen[token]! - probability)).toBeLessThanOrEqual(allowed);
        }
      }
    }
  });

  it("never draws a token that its settings leave out", () => {
    fc.assert(
      fc.property(fc.nat(), logitArrays, settings, (seed, logits, chosen) => {
        const probabilities = tokenProbabilities(logits, chosen);
        expect(probabilities[drawToken(logits, chosen, createRandom(seed))]).toBeGreaterThan(0);
      }),
    );
  });

  it("gives the same tokens for the same seed", () => {
    fc.assert(
      fc.property(fc.nat(), logitArrays, settings, (seed, logits, chosen) => {
        const draw = () => {
          const random = createRandom(seed);
          return Array.from({ length: 8 }, () => drawToken(logits, chosen, random));
        };
        expect(draw()).toEqual(draw());
      }),
    );
  });

  it("takes the likeliest at temperature 0", () => {
    const logits = Float32Array.from([1, 3, 2]);
    expect(drawToken(logits, { ...all, temperature: 0 }, createRandom(3))).toBe(1);
  });

  it("refuses logits that are not finite", () => {
    for (const bad of [[Number.NaN, 1], [-Infinity, -Infinity], [Infinity]]) {
      expect(() => drawToken(Float32Array.from(bad), all, createRandom(0))).toThrow(/finite/);
    }
  });
});

describe("the weights of tokens", () => {
  it("are those of the exponential function", () => {
    fc.assert(
      fc.property(
        logitArrays,
        fc.double({ min: 0.05, max: 5, noNaN: true }),
        (logits, temperature) => {
          const found = tokenProbabilities(logits, { ...all, temperature });
          const largest = Math.max(...logits);
          const exact = [...logits].map((logit) => Math.exp((logit - largest) / temperature));
          const sum = exact.reduce((a, b) => a + b, 0);
          for (const [token, weight] of exact.entries()) {
            // A float's depth of up to 1,200 has an error of 6e-5; what is lighter than e^-87 is none.
            expect(Math.abs(found[token]! - weight / sum)).toBeLessThan(
              1e-4 * (weight / sum) + 1e-37,
            );
          }
        },
      ),
    );
  });

  it("are found again by a point within them, wherever a codebook ends", () => {
    for (const count of [1, 63, 64, 65, 300]) {
      const logits = Float32Array.from({ length: count }, (_, token) => Math.log(1 + (token % 5)));
      const tokens = new WeighedTokens();
      tokens.load({ logits, guidance: 1 });
      tokens.weigh(tokens.largest, 1);
      let before = 0;
      for (const [token, weight] of tokens.weights.entries()) {
        expect(tokens.at(before + weight / 2).token).toBe(token);
        before += weight;
      }
      expect(tokens.total).toBeCloseTo(before, 4);
      expect(tokens.at(2 * before).token).toBe(count - 1);
    }
  });
});

describe("guidance", () => {
  it("goes from the unconditional over the conditional beyond it", () => {
    const tokens = new WeighedTokens();
    const at = (guidance: number) => {
      const logits = Float32Array.from([2, 0]);
      tokens.load({ logits, other: Float32Array.from([1, 1]), guidance });
      return [...tokens.logits];
    };
    expect([at(0), at(1), at(3)]).toEqual([
      [1, 1],
      [2, 0],
      [4, -2],
    ]);
  });

  it("never draws what a codebook is filled up with", () => {
    const logits = Float32Array.from([2, 0, 1]);
    const settings = { logits, other: Float32Array.from([0, 3, 1]), guidance: -2 };
    expect(guided.tokenProbabilities(settings, all)).toHaveLength(3);
    for (let seed = 0; seed < 50; seed++) {
      expect(guided.drawToken(settings, all, createRandom(seed))).toBeLessThan(3);
    }
  });
});

describe("the random numbers", () => {
  it("differ between neighbouring seeds and between streams, and are spread evenly", () => {
    const firsts = Array.from({ length: 500 }, (_, seed) => createRandom(seed).next());
    const streams = Array.from({ length: 500 }, (_, stream) => createRandom(7, stream).next());
    for (const numbers of [firsts, streams]) {
      expect(new Set(numbers).size).toBe(500);
      const mean = numbers.reduce((a, b) => a + b, 0) / 500;
      expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
      const steps = numbers.slice(1).map((value, i) => Math.abs(value - numbers[i]!));
      expect(steps.reduce((a, b) => a + b, 0) / steps.length).toBeGreaterThan(0.25);
    }
  });
});
