import { expect, it } from "vitest";
import { createRaster } from "../../../src/core/raster.js";
import { openUpscalers } from "../../engine/debug-bundle.js";
import { operationsPerInputPixel } from "./machine.js";
import { methodsFor, ourName, PROJECTED } from "./methods.js";
import { worstBlockError } from "./metrics.js";
import { requirePeers } from "./peers.js";

const source = createRaster(
  20,
  14,
  3,
  8,
  Uint8Array.from({ length: 20 * 14 * 3 }, (_, i) => (i * i * 7) % 256),
);
const loaded = await openUpscalers();

it.each([2, 4, 8] as const)(
  "every method enlarges by %i, ours and the projected exactly",
  async (factor) => {
    const methods = methodsFor(loaded.network, factor, null);
    const errors = new Map<string, number>();
    for (const method of methods) {
      for (const { name, finish } of await method.predict(source)) {
        const raster = finish();
        expect([raster.width, raster.height]).toEqual([20 * factor, 14 * factor]);
        errors.set(name, worstBlockError(raster, source, factor));
      }
    }
    const exact = [...errors].filter(([, error]) => error === 0).map(([name]) => name);
    const fast = factor === 2 ? [ourName("fast")] : [];
    expect(exact).toEqual([
      ourName("best"),
      ...fast,
      ourName("finest"),
      "pixels repeated",
      `bicubic${PROJECTED}`,
      `Lanczos3${PROJECTED}`,
    ]);
  },
);

it("a bundle without networks takes part with its decoder", async () => {
  const [first, second] = methodsFor(loaded.decoder, 2, null);
  expect(first).toMatchObject({ name: ourName("decoder"), graph: null });
  expect(second?.name).toBe("pixels repeated");
});

it("counts the operations of a network's convolutions", async () => {
  const [best] = methodsFor(loaded.network, 2, null);
  // Three of 3 x 3 (3 to 6, 6 to 6, 6 to 12 channels), two of 1 x 1 between 12 and 3.
  const products = 9 * (3 * 6 + 6 * 6 + 6 * 12) + 2 * 12 * 3;
  expect(await operationsPerInputPixel(best!.graph!)).toBe(2 * products);
});

it("says how the networks to compare with are made when they are missing", () => {
  expect(() => requirePeers("no-such-folder", [2])).toThrow(
    /no-such-folder.*npm run bench:peers -- --out no-such-folder/,
  );
});
