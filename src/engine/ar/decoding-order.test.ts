import { describe, expect, it } from "vitest";
import { createTokenLayout } from "../../core/layout.js";
import { decodingBlocks, planSteps } from "./decoding-order.js";

const layout = createTokenLayout({ imageSize: 32, grid: 4, levels: 2 });
const all = Array.from({ length: layout.tokenCount }, (_, token) => token);

describe("decodingBlocks", () => {
  it("takes every token once, scale after scale, in either order", () => {
    for (const order of ["raster", "parallel"] as const) {
      const blocks = decodingBlocks(layout, order);
      expect(blocks.flat().sort((a, b) => a - b)).toEqual(all);
      const scales = blocks.map(([token = 0]) => Math.floor(token / layout.tokensPerScale));
      expect(scales).toEqual([...scales].sort((a, b) => a - b));
    }
  });

  it("draws a scale of parallel order in four blocks, of which the second fills the first's middles", () => {
    const blocks = decodingBlocks(layout, "parallel");
    expect(blocks).toHaveLength(4 * layout.scaleCount);
    expect(blocks[0]).toEqual([0, 2, 8, 10]);
    expect(blocks[1]).toEqual([5, 7, 13, 15]);
  });

  it("has no empty blocks for a grid of one cell", () => {
    const tiny = createTokenLayout({ imageSize: 4, grid: 1, levels: 2 });
    expect(decodingBlocks(tiny, "parallel")).toEqual([[0], [1], [2]]);
  });
});

describe("planSteps", () => {
  const drawing = (...tokens: number[]) =>
    Uint8Array.from(all, (token) => (tokens.includes(token) ? 1 : 0));

  it("feeds every known token before a drawn one exactly once, in runs of bounded length", () => {
    for (const order of ["raster", "parallel"] as const) {
      const steps = planSteps(layout, order, drawing(33, 47), 16);
      const fed = steps.flatMap(({ before, fed: own }) => [...before.flat(), ...own]);
      expect(new Set(fed).size).toBe(fed.length);
      expect(fed).toEqual(decodingBlocks(layout, order).flat().slice(0, fed.length));
      expect(steps.flatMap(({ before }) => before).every((run) => run.length <= 16)).toBe(true);
      expect(steps.flatMap(({ drawn }) => drawn).sort((a, b) => a - b)).toEqual([33, 47]);
    }
  });

  it("cuts known tokens of raster order into full runs and a rest", () => {
    const [step] = planSteps(layout, "raster", drawing(40), 16);
    expect(step?.before.map((run) => run.length)).toEqual([16, 16]);
    expect(step?.fed).toEqual([32, 33, 34, 35, 36, 37, 38, 39, 40]);
  });

  it("ends a scale with its last drawn block", () => {
    const steps = planSteps(layout, "parallel", drawing(0, 5, 20), 16);
    expect(steps.map(({ scale, endsScale }) => [scale, endsScale])).toEqual([
      [0, false],
      [0, true],
      [1, true],
    ]);
  });

  it("plans nothing where nothing is drawn", () => {
    expect(planSteps(layout, "raster", drawing(), 16)).toEqual([]);
  });
});
