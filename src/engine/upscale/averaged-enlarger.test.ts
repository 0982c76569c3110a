import { describe, expect, it } from "vitest";
import { Pace, type EnlargingNetwork, type Planes } from "../bundle/enlarger.js";
import { AveragedEnlarger } from "./averaged-enlarger.js";

/** Repeats pixels twice and adds what `detail` says of the place in the enlarged picture. */
function networkOf(detail: (x: number, y: number, width: number, height: number) => number) {
  const seen: Planes[] = [];
  const network: EnlargingNetwork = {
    network: { factor: 2, halo: 0 },
    views: 1,
    pace: new Pace(),
    ready: () => Promise.resolve(),
    run: (planes) => {
      seen.push(planes);
      const [width, height] = [2 * planes.width, 2 * planes.height];
      const data = Float32Array.from({ length: 3 * width * height }, (_, at) => {
        const [x, y] = [at % width, Math.floor(at / width) % height];
        const plane = Math.floor(at / (width * height));
        const source = (plane * planes.height + (y >> 1)) * planes.width + (x >> 1);
        return planes.data[source]! + detail(x, y, width, height);
      });
      return Promise.resolve({ width, height, data });
    },
  };
  return { seen, averaged: new AveragedEnlarger(network) };
}

const picture: Planes = {
  width: 3,
  height: 2,
  data: Float32Array.from({ length: 18 }, (_, at) => at),
};

describe("the mean of eight views", () => {
  it("is the picture where the network does the same to all of them", async () => {
    const { averaged, seen } = networkOf(() => 0);
    const { width, height, data } = await averaged.run(picture);
    expect([width, height]).toEqual([6, 4]);
    for (const [at, value] of data.entries()) {
      const [x, y, plane] = [at % 6, Math.floor(at / 6) % 4, Math.floor(at / 24)];
      expect(value).toBeCloseTo(picture.data[(plane * 2 + (y >> 1)) * 3 + (x >> 1)]!, 4);
    }
    expect(new Set(seen.map((view) => [view.width, ...view.data].join())).size).toBe(8);
    expect(averaged.views).toBe(8);
  });

  it("takes out what a network prefers of directions", async () => {
    // Lighter to the right and below, in every view of its own.
    const { averaged } = networkOf((x, y, width, height) => x / (width - 1) + y / (height - 1) - 1);
    const { data } = await averaged.run(picture);
    const plain = await networkOf(() => 0).averaged.run(picture);
    data.forEach((value, at) => expect(value).toBeCloseTo(plain.data[at]!, 4));
  });

  it("can be stopped between two views", async () => {
    const { averaged, seen } = networkOf(() => 0);
    const stop = () => Promise.reject(new Error("stopped"));
    await expect(averaged.run(picture, stop)).rejects.toThrow("stopped");
    expect(seen).toHaveLength(1);
  });
});
