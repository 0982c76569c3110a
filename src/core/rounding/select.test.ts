import fc from "fast-check";
import { expect, it } from "vitest";
import { kthLargest } from "./select.js";

it("finds the k-th largest of any values, ties included, and keeps the values", () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, 0.25, 0.5));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), fc.nat(), (values, pick) => {
      const k = 1 + (pick % values.length);
      const sorted = Float64Array.from(values).sort().reverse();
      const scratch = Float64Array.from(values);
      // `+ 0` because a sort orders -0 before 0 and a selection does not care.
      expect(kthLargest(scratch, values.length, k) + 0).toBe(sorted[k - 1]! + 0);
      expect(scratch.map((v) => v + 0).sort()).toEqual(sorted.map((v) => v + 0).reverse());
    }),
    { numRuns: 1000 },
  );
});
