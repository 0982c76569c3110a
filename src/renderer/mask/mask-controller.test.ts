import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MaskController } from "./mask-controller.svelte.js";
import { nextBrushSize, sizeFromSlider, sliderFromSize } from "./tools.js";

const size = { width: 80, height: 60 };

function setUp(): MaskController {
  const mask = new MaskController();
  mask.reset(size);
  mask.setBrushSize(10);
  return mask;
}

const snapshot = (mask: MaskController) => Array.from(mask.coverage?.alpha ?? []);

const point = fc.record({
  x: fc.integer({ min: -20, max: 100 }),
  y: fc.integer({ min: -20, max: 80 }),
});
const stroke = fc.record({
  kind: fc.constant("stroke" as const),
  mode: fc.constantFrom("add" as const, "erase" as const),
  points: fc.array(point, { minLength: 1, maxLength: 4 }),
});
const rectangle = fc.record({
  kind: fc.constant("rectangle" as const),
  from: point,
  width: fc.integer({ min: 1, max: 50 }),
});
const action = fc.oneof(stroke, rectangle, fc.record({ kind: fc.constant("invert" as const) }));

describe("mask controller", () => {
  it("takes back and repeats any run of strokes, rectangles and inversions exactly", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 6 }), (actions) => {
        const mask = setUp();
        // A first mark, so that the buffer exists from the start.
        mask.paintRectangle({ x: 0, y: 0, width: 4, height: 4 }, "add");
        const states = [snapshot(mask)];
        for (const step of actions) {
          if (step.kind === "stroke") {
            mask.beginStroke(step.points[0]!, step.mode);
            for (const to of step.points.slice(1)) mask.extendStroke(to);
            mask.endStroke();
            if (!mask.canUndo) continue;
          } else if (step.kind === "rectangle") {
            mask.paintRectangle({ ...step.from, width: step.width, height: 20 }, "add");
          } else {
            mask.invert();
          }
          states.push(snapshot(mask));
        }
        const last = states.at(-1);
        let undone = 0;
        while (mask.canUndo) {
          mask.undo();
          undone++;
        }
        expect(snapshot(mask).every((value) => value === 0)).toBe(true);
        for (let index = 0; index < undone; index++) mask.redo();
        expect(snapshot(mask)).toEqual(last);
      }),
      { numRuns: 60 },
    );
  });

  it("knows the bounds of what is masked", () => {
    const mask = setUp();
    expect(mask.isEmpty).toBe(true);
    mask.paintRectangle({ x: 10, y: 12, width: 20, height: 5 }, "add");
    expect(mask.bounds).toEqual({ x: 10, y: 12, width: 20, height: 5 });
    mask.paintRectangle({ x: 0, y: 0, width: 80, height: 60 }, "erase");
    expect(mask.bounds).toBeNull();
    expect(mask.toMask()).toBeNull();
  });

  it("draws nothing without a picture and ignores rectangles beside it", () => {
    const mask = new MaskController();
    mask.beginStroke({ x: 1, y: 1 }, "add");
    mask.endStroke();
    expect(mask.coverage).toBeNull();
    const other = setUp();
    other.paintRectangle({ x: 200, y: 0, width: 5, height: 5 }, "add");
    expect(other.canUndo).toBe(false);
  });

  it("tells who draws it about every change", () => {
    const mask = setUp();
    const before = mask.version;
    mask.beginStroke({ x: 20, y: 20 }, "add");
    expect(mask.version).toBeGreaterThan(before);
    expect(mask.isStroking).toBe(true);
    mask.endStroke();
    expect(mask.isStroking).toBe(false);
  });

  it("clears by one step that can be taken back", () => {
    const mask = setUp();
    mask.beginStroke({ x: 20, y: 20 }, "add");
    mask.endStroke();
    const drawn = snapshot(mask);
    mask.clear();
    expect(mask.isEmpty).toBe(true);
    mask.undo();
    expect(snapshot(mask)).toEqual(drawn);
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
