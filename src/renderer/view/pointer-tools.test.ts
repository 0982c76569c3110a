import { describe, expect, it } from "vitest";
import { LoudTransport } from "../../../test/fixtures/loud-transport.js";
import { appInfo, documentInfo } from "../../../test/fixtures/screen-data.js";
import { Editor } from "../app/editor.svelte.js";
import type { Platform } from "../app/platform.js";
import { PointerTools } from "./pointer-tools.svelte.js";

async function setUp() {
  const platform: Platform = {
    timer: () => () => undefined,
    now: () => 0,
    randomSeed: () => 1,
    decodeTile: () => Promise.reject(new Error("no pictures here")),
    releaseTile: () => undefined,
    pickFile: async () => null,
    pickFiles: async () => [],
    download: () => undefined,
  };
  const transport = new LoudTransport({
    getAppInfo: () => ({ ...appInfo, startupDocument: documentInfo() }),
  });
  const editor = new Editor(transport, platform);
  await editor.start();
  editor.viewport.resize({ width: 104, height: 94 });
  editor.syncViewport();
  // The picture of 40 x 30 lies at (12, 17), twice its size.
  editor.viewport.view = { scale: 2, x: 12, y: 17 };
  return { editor, pointer: new PointerTools(editor) };
}

const press = (x: number, y: number, more: { button?: number; altKey?: boolean } = {}) => ({
  at: { x, y },
  button: more.button ?? 0,
  altKey: more.altKey ?? false,
});

describe("pointer on the canvas", () => {
  it("paints where the cursor is, in picture pixels", async () => {
    const { editor, pointer } = await setUp();
    editor.mask.setBrushSize(4);
    editor.mask.hardness = 1;
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
    expect(pointer.rectangle).toEqual({
      rect: { x: 0, y: 0, width: 10, height: 10 },
      isErasing: false,
    });
    pointer.up();
    expect(editor.mask.bounds).toEqual({ x: 0, y: 0, width: 10, height: 10 });
    pointer.down(press(11, 16, { altKey: true }));
    pointer.move({ x: 22, y: 90 });
    pointer.up();
    expect(editor.mask.bounds).toEqual({ x: 5, y: 0, width: 5, height: 10 });
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
