import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TokenKind, type DecodeRequest, type Model } from "../../src/engine/bundle/model.js";
import { coarsePictureOf } from "../../src/engine/edit/coarse-picture.js";
import { openDebugModel, openModel } from "./debug-bundle.js";

let shipped: Model;
beforeAll(async () => {
  shipped = await openModel(join("models", "studio-128"));
});
afterAll(() => shipped.release());

function anyRequest({ layout: { tokenCount, imageSize } }: Model): DecodeRequest {
  return {
    image: { side: imageSize, data: new Float32Array(3 * imageSize * imageSize) },
    codes: Int32Array.from({ length: tokenCount }, (_, token) => (token * 37) % 16),
    kinds: new Uint8Array(tokenCount).fill(TokenKind.code),
  };
}

describe("the coarsest scales of a picture", () => {
  it("decode alone to the means of the whole picture's blocks", async () => {
    const request = anyRequest(shipped);
    const { imageSize, scaleCount } = shipped.layout;
    const whole = await shipped.decode(request);
    for (let scales = 1; scales <= scaleCount; scales++) {
      const { side, data } = await shipped.decodeCoarse(request, scales);
      const block = imageSize / side;
      expect(block).toBe(2 ** (scaleCount - scales));
      const means = coarsePictureOf(whole, shipped.layout, scales - 1);
      expect(means.side).toBe(side);
      for (const [at, mean] of means.data.entries()) expect(data[at]).toBeCloseTo(mean, 4);
    }
  });

  it("come as the whole picture from a decoder that takes all scales only", async () => {
    const debug = await openDebugModel();
    const request = anyRequest(debug);
    expect(await debug.decodeCoarse(request, 1)).toEqual(await debug.decode(request));
    await debug.release();
  });
});
