import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exponentials } from "./exp.js";

const logitArrays = fc
  .array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 60 })
  .map((values) => Float32Array.from(values));
const temperatures = fc.double({ min: 0.05, max: 5, noNaN: true });

describe("weights of logits", () => {
  it("are those of the exponential function, or 0 where nothing would ever be drawn", () => {
    fc.assert(
      fc.property(logitArrays, temperatures, (logits, temperature) => {
        const largest = Math.max(...logits);
        const { values } = exponentials(logits, largest, temperature);
        for (const [token, logit] of logits.entries()) {
          const exact = Math.exp((logit - largest) / temperature);
          if (exact < 2 ** -59) expect(values[token]).toBeLessThan(2 ** -58.9);
          else expect(Math.abs(values[token]! / exact - 1)).toBeLessThan(1e-12);
        }
      }),
    );
  });

  it("lie in bins of falling weight, the largest in the first", () => {
    fc.assert(
      fc.property(logitArrays, temperatures, (logits, temperature) => {
        const largest = Math.max(...logits);
        const { values, bins } = exponentials(logits, largest, temperature);
        expect(values[logits.indexOf(largest)]).toBe(1);
        expect(bins[logits.indexOf(largest)]).toBe(0);
        for (const [one, weight] of values.entries()) {
          for (const [other, heavier] of values.entries()) {
            if (heavier > weight) expect(bins[other]!).toBeLessThanOrEqual(bins[one]!);
          }
        }
      }),
    );
  });
});
