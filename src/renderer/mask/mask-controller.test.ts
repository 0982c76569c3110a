import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMBINE_MODES } from "../../core/mask/combine.js";
import { packMask } from "../../core/mask/packed-mask.js";
import { readTiledMask } from "../../core/mask/tiled-mask-pixels.js";
import { MaskController } from "./mask-controller.svelte.js";
import { ToolSettings } from "./tool-settings.svelte.js";

const size = { width: 80, height: 60 };

function setUp(): MaskController {
  const tools = new ToolSettings();
  tools.setBrushSize(10);
  const mask = new MaskController(tools);
  mask.reset(size);
  return mask;
}

const snapshot = ({ pixels }: MaskController) =>
  pixels === null ? [] : Array.from(readTiledMask(pixels, pixels.rect));

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
  kind: fc.constantFrom("rectangle" as const, "ellipse" as const),
  mode: fc.constantFrom(...COMBINE_MODES),
  from: point,
  width: fc.integer({ min: 1, max: 50 }),
});
const action = fc.oneof(stroke, rectangle, fc.record({ kind: fc.constant("invert" as const) }));

describe("mask controller", () => {
  it("suggests a feather for what is masked until one is chosen", () => {
    const mask = setUp();
    mask.paintRectangle({ x: 0, y: 0, width: 80, height: 48 }, "add");
    expect(mask.feather).toBe(3);
    mask.chosenFeather = 0;
    mask.selectAll();
    expect(mask.feather).toBe(0);
  });

  it("takes back and repeats any run of strokes, rectangles and inversions exactly", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 6 }), (actions) => {
        const mask = setUp();
        for (const step of actions) {
          if (step.kind === "stroke") {
            mask.beginStroke(step.points[0]!, step.mode);
            for (const to of step.points.slice(1)) mask.extendStroke(to);
            mask.endStroke();
          } else if (step.kind === "rectangle") {
            mask.paintRectangle({ ...step.from, width: step.width, height: 20 }, step.mode);
          } else if (step.kind === "ellipse") {
            mask.paintEllipse({ ...step.from, width: step.width, height: 20 }, step.mode);
          } else {
            mask.invert();
          }
        }
        const last = snapshot(mask);
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
    mask.paintRectangle({ x: 0, y: 0, width: 80, height: 60 }, "subtract");
    expect(mask.bounds).toBeNull();
    expect(mask.toMask()).toBeNull();
  });

  it("draws nothing without a picture and ignores rectangles beside it", () => {
    const mask = new MaskController();
    mask.beginStroke({ x: 1, y: 1 }, "add");
    mask.endStroke();
    expect(mask.pixels).toBeNull();
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

describe("what becomes of a mask", () => {
  const drawn = () => {
    const mask = setUp();
    mask.paintEllipse({ x: 10, y: 12, width: 21, height: 15 }, "add");
    return mask;
  };

  it("stays when the picture takes another state of the same size, without its undo", () => {
    const mask = drawn();
    const before = snapshot(mask);
    mask.keepFor(size);
    expect(snapshot(mask)).toEqual(before);
    expect(mask.canUndo).toBe(false);
  });

  it("grows with an upscaled picture and comes back with its undo", () => {
    const mask = drawn();
    const before = snapshot(mask);
    mask.keepFor({ width: 160, height: 120 });
    expect(mask.bounds).toEqual({ x: 20, y: 24, width: 42, height: 30 });
    mask.keepFor(size);
    expect(snapshot(mask)).toEqual(before);
  });

  it("goes when the picture takes another form", () => {
    const mask = drawn();
    mask.keepFor({ width: 80, height: 61 });
    expect(mask.isEmpty).toBe(true);
    expect(mask.size).toEqual({ width: 80, height: 61 });
  });

  it("is taken back as if nothing was drawn when a stroke turns out to be a pinch", () => {
    const mask = drawn();
    const before = snapshot(mask);
    mask.beginStroke({ x: 50, y: 40 }, "add");
    mask.extendStroke({ x: 60, y: 45 });
    mask.cancelStroke();
    expect(snapshot(mask)).toEqual(before);
    mask.undo();
    expect(mask.isEmpty).toBe(true);
  });

  it("is packed slice by slice as at once, and not at all if it changes meanwhile", async () => {
    const mask = new MaskController();
    mask.reset({ width: 900, height: 900 });
    mask.paintEllipse({ x: 10, y: 10, width: 800, height: 700 }, "add");
    expect(await mask.toPackedInSlices()).toEqual(mask.toPacked());
    const packing = mask.toPackedInSlices();
    mask.invert();
    expect(await packing).toBeUndefined();
  });

  it("follows every mode with a packed mask of the engine", () => {
    const rect = { x: 15, y: 12, width: 40, height: 10 };
    const packed = packMask({ rect, alpha: new Uint8Array(400).fill(255) });
    const mask = drawn();
    mask.paintPacked(packed, "intersect");
    expect(mask.bounds).toEqual({ x: 15, y: 12, width: 16, height: 10 });
    mask.paintPacked(packed, "add");
    expect(mask.bounds).toEqual(rect);
    mask.paintPacked(packed, "subtract");
    expect(mask.isEmpty).toBe(true);
  });

  it("is reshaped in one step that can be taken back, and cannot be drawn in the meantime", async () => {
    const mask = drawn();
    const before = snapshot(mask);
    const growing = mask.reshape("grow", 3);
    mask.clear();
    await growing;
    expect(mask.bounds).toEqual({ x: 7, y: 9, width: 27, height: 21 });
    mask.undo();
    expect(snapshot(mask)).toEqual(before);
    expect(mask.isBusy).toBe(false);
  });

  it("tells what a stroke touched, and everything after an undo", () => {
    const mask = drawn();
    mask.takeDirty();
    mask.beginStroke({ x: 50, y: 40 }, "add");
    const dirty = mask.takeDirty();
    expect(dirty?.x).toBeGreaterThan(40);
    expect(dirty?.width).toBeLessThan(20);
    mask.endStroke();
    mask.undo();
    expect(mask.takeDirty()).toBeNull();
  });

  it("goes on in a straight line from the last stroke", () => {
    const mask = setUp();
    mask.beginStroke({ x: 10, y: 30 }, "add");
    mask.endStroke();
    mask.beginStroke({ x: 70, y: 30 }, "add", true);
    mask.endStroke();
    expect(mask.pixels?.valueAt(40, 30)).toBe(255);
  });
});
