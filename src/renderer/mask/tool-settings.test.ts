import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ToolSettings } from "./tool-settings.svelte.js";
import { nextBrushSize, sizeFromSlider, sliderFromSize } from "./tools.js";

describe("tool settings", () => {
  it("make the brush harder and softer between none and all", () => {
    const tools = new ToolSettings();
    for (let i = 0; i < 20; i++) tools.stepHardness("down");
    expect(tools.hardness).toBe(0);
    for (let i = 0; i < 20; i++) tools.stepHardness("up");
    expect(tools.hardness).toBe(1);
  });

  it("suggest a brush for a picture until the person has chosen one", () => {
    const tools = new ToolSettings();
    tools.suggestBrushSize({ width: 4000, height: 3000 });
    expect(tools.brushSize).toBe(300);
    tools.suggestBrushSize({ width: 500, height: 900 });
    expect(tools.brushSize).toBe(50);
    tools.stepBrushSize("up");
    tools.suggestBrushSize({ width: 4000, height: 3000 });
    expect(tools.brushSize).toBe(60);
  });
});

describe("brush sizes", () => {
  it("always move by at least a pixel and stay in range", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1024 }), (sizePx) => {
        expect(nextBrushSize(sizePx, "up")).toBe(
          Math.min(1024, Math.max(sizePx + 1, nextBrushSize(sizePx, "up"))),
        );
        expect(nextBrushSize(sizePx, "down")).toBeLessThanOrEqual(Math.max(1, sizePx - 1));
        expect(sizeFromSlider(sliderFromSize(sizePx))).toBe(sizePx);
      }),
    );
  });
});
