import { syncViewport } from "../app/in-step.js";
import { describe, expect, it } from "vitest";
import { LoudTransport } from "../../../test/fixtures/loud-transport.js";
import { appInfo, documentInfo } from "../../../test/fixtures/screen-data.js";
import { quietPlatform } from "../../../test/fixtures/screen-platform.js";
import { Editor } from "../app/editor.svelte.js";
import { modeOf, PointerTools, type PointerInput } from "./pointer-tools.svelte.js";

async function setUp(more: ConstructorParameters<typeof LoudTransport>[0] = {}) {
  const transport = new LoudTransport({
    getAppInfo: () => ({ ...appInfo, startupDocument: documentInfo() }),
    listDocuments: () => ({ documents: [] }),
    listJobs: () => ({ jobs: [] }),
    readDraft: () => ({ draft: null }),
    ...more,
  });
  const editor = new Editor(transport, quietPlatform());
  await editor.start();
  editor.viewport.resize({ width: 104, height: 94 });
  syncViewport(editor);
  // The picture of 40 x 30 lies at (12, 17), twice its size.
  editor.viewport.view = { scale: 2, x: 12, y: 17 };
  return { editor, pointer: new PointerTools(editor) };
}

const press = (x: number, y: number, more: Partial<PointerInput> = {}) => ({
  at: { x, y },
  button: 0,
  altKey: false,
  ...more,
});

describe("pointer on the canvas", () => {
  it("paints where the cursor is, in picture pixels", async () => {
    const { editor, pointer } = await setUp();
    editor.tools.setBrushSize(4);
    editor.tools.hardness = 1;
    pointer.down(press(52, 47));
    pointer.move({ x: 60, y: 47 });
    pointer.up();
    const { bounds } = editor.mask;
    expect(bounds?.x).toBeGreaterThanOrEqual(17);
    expect((bounds?.x ?? 0) + (bounds?.width ?? 0)).toBeLessThanOrEqual(28);
  });

  it("frames whole pixels with the rectangle and takes away with Alt", async () => {
    const { editor, pointer } = await setUp();
    editor.chooseTool("rectangle");
    pointer.down(press(13, 18));
    pointer.move({ x: 31, y: 36 });
    expect(pointer.outline).toEqual({
      kind: "rectangle",
      rect: { x: 0, y: 0, width: 10, height: 10 },
      mode: "add",
    });
    pointer.up();
    expect(editor.mask.bounds).toEqual({ x: 0, y: 0, width: 10, height: 10 });
    pointer.down(press(11, 16, { altKey: true }));
    pointer.move({ x: 22, y: 90 });
    pointer.up();
    expect(editor.mask.bounds).toEqual({ x: 5, y: 0, width: 5, height: 10 });
  });

  it("draws circles, even with Shift and around their middle with Alt", async () => {
    const { editor, pointer } = await setUp();
    editor.chooseTool("ellipse");
    pointer.down(press(52, 47));
    pointer.moves([{ at: { x: 62, y: 51 }, altKey: true, shiftKey: true }]);
    expect(pointer.outline).toMatchObject({
      kind: "ellipse",
      rect: { x: 15, y: 10, width: 10, height: 10 },
    });
    pointer.up();
    expect(editor.mask.bounds).toEqual({ x: 15, y: 10, width: 10, height: 10 });
  });

  it("fills what a lasso goes around", async () => {
    const { editor, pointer } = await setUp();
    editor.chooseTool("lasso");
    pointer.down(press(12, 17));
    for (const [x, y] of [
      [32, 17],
      [32, 37],
      [12, 37],
    ] as const) {
      pointer.move({ x, y });
    }
    pointer.up();
    expect(editor.mask.bounds).toEqual({ x: 0, y: 0, width: 10, height: 10 });
  });

  it("takes corners by clicks, takes one back, and closes on the first or by Enter", async () => {
    const { editor, pointer } = await setUp();
    editor.chooseTool("polygon");
    const click = (x: number, y: number) => {
      pointer.down(press(x, y));
      pointer.up();
    };
    for (const [x, y] of [
      [12, 17],
      [52, 17],
      [90, 90],
      [52, 57],
      [12, 57],
    ] as const) {
      click(x, y);
      if (x === 90) expect(pointer.removeCorner()).toBe(true);
    }
    click(13, 18);
    expect(editor.mask.bounds).toEqual({ x: 0, y: 0, width: 20, height: 20 });
    click(60, 17);
    click(80, 17);
    click(80, 37);
    expect(pointer.closePolygon()).toBe(true);
    expect(editor.mask.bounds).toEqual({ x: 0, y: 0, width: 34, height: 20 });
    click(12, 17);
    expect(pointer.escape()).toBe(true);
    expect(pointer.outline).toBeNull();
  });

  it("chooses by colour through the engine, with the wand's settings", async () => {
    const asked: unknown[] = [];
    const rect = { x: 3, y: 4, width: 5, height: 1 };
    const { editor, pointer } = await setUp({
      selectByColour: (request) => {
        asked.push(request);
        return { rect, runs: Uint8Array.of(255, 5) };
      },
    });
    editor.chooseTool("wand");
    editor.tools.tolerance = 7;
    editor.tools.isContiguous = false;
    pointer.down(press(20, 27));
    pointer.up();
    await expect.poll(() => editor.mask.bounds).toEqual(rect);
    expect(asked).toMatchObject([{ x: 4, y: 5, tolerance: 7, contiguous: false, revision: 0 }]);
  });

  it("says by keys how a shape meets the mask", () => {
    const keys = (altKey: boolean, shiftKey: boolean) => modeOf("intersect", { altKey, shiftKey });
    expect([keys(false, false), keys(true, false), keys(false, true), keys(true, true)]).toEqual([
      "intersect",
      "subtract",
      "add",
      "intersect",
    ]);
  });

  it("makes a pen's stroke as wide as its pressure, and erases with its other end", async () => {
    const { editor, pointer } = await setUp();
    editor.tools.setBrushSize(10);
    editor.tools.hardness = 1;
    const pen = { kind: "pen" as const, altKey: false };
    pointer.down(press(30, 47, { ...pen, pressure: 0.2 }));
    pointer.up();
    expect(editor.mask.bounds?.height).toBeLessThanOrEqual(4);
    pointer.down(press(60, 47, { ...pen, pressure: 1 }));
    pointer.up();
    expect(editor.mask.bounds?.height).toBeGreaterThanOrEqual(9);
    editor.tools.setBrushSize(200);
    pointer.down(press(60, 47, { ...pen, pressure: 1, button: 5, isEraser: true }));
    pointer.up();
    expect(editor.mask.isEmpty).toBe(true);
  });

  it("zooms and moves with two fingers, taking back what the first one drew", async () => {
    const { editor, pointer } = await setUp();
    const finger = (pointerId: number, x: number, y: number) =>
      press(x, y, { kind: "touch", pointerId });
    pointer.down(finger(1, 42, 47));
    pointer.down(finger(2, 62, 47));
    expect(editor.mask.isEmpty).toBe(true);
    pointer.moves([finger(1, 32, 47)]);
    pointer.moves([finger(2, 72, 47)]);
    expect(editor.viewport.view.scale).toBeCloseTo(4);
    pointer.up(1);
    pointer.up(2);
    pointer.down(finger(3, 42, 47));
    pointer.up(3);
    expect(editor.mask.isEmpty).toBe(false);
  });

  it("draws by a cross that arrow keys move", async () => {
    const { editor, pointer } = await setUp();
    editor.chooseTool("rectangle");
    expect(pointer.pressByKeys({ shiftKey: false, altKey: false })).toBe(false);
    pointer.moveByKeys(-16, 0);
    pointer.pressByKeys({ shiftKey: false, altKey: false });
    pointer.moveByKeys(16, 10);
    pointer.pressByKeys({ shiftKey: false, altKey: false });
    expect(editor.mask.bounds).toEqual({ x: 20, y: 15, width: 8, height: 5 });
  });

  it("moves the picture with Space or the middle button, whatever the tool", async () => {
    const { editor, pointer } = await setUp();
    pointer.isSpaceDown = true;
    pointer.down(press(50, 50));
    pointer.move({ x: 57, y: 45 });
    pointer.up();
    expect(editor.viewport.view).toMatchObject({ x: 19, y: 12 });
    pointer.isSpaceDown = false;
    pointer.down(press(50, 50, { button: 1 }));
    pointer.move({ x: 51, y: 50 });
    pointer.up();
    expect(editor.viewport.view.x).toBe(20);
    expect(editor.mask.isEmpty).toBe(true);
  });

  it("zooms at the cursor and moves by a sideways scroll", async () => {
    const { editor, pointer } = await setUp();
    const { view } = editor.viewport;
    pointer.wheel({ x: 12, y: 17 }, { x: 0, y: -100 }, false);
    expect(editor.viewport.view.scale).toBeGreaterThan(view.scale);
    expect(editor.viewport.view).toMatchObject({ x: 12, y: 17 });
    pointer.wheel({ x: 12, y: 17 }, { x: 5, y: 0 }, false);
    expect(editor.viewport.view.x).toBe(7);
  });

  it("forgets the cursor outside of the canvas", async () => {
    const { editor, pointer } = await setUp();
    pointer.move({ x: 12, y: 17 });
    expect(editor.viewport.cursor).toEqual({ x: 0, y: 0 });
    pointer.leave();
    expect(editor.viewport.cursor).toBeNull();
  });
});
