import { describe, expect, it } from "vitest";
import { settle, withPicture } from "../../../test/fixtures/editor-screen.js";
import { appInfo, freeEnlarger, smallModel } from "../../../test/fixtures/screen-data.js";
import type { InstalledModel } from "../../shared/models.js";
import { DEFAULT_SETTINGS, type Settings } from "../../shared/settings.js";

/** An editor with a picture, where these models are installed. */
async function withModels(models: readonly InstalledModel[], chosen: Partial<Settings> = {}) {
  const settings: Settings = { ...DEFAULT_SETTINGS, ...chosen };
  const screen = await withPicture({
    getAppInfo: () => ({ ...appInfo, models }),
    getSettings: () => settings,
  });
  await screen.editor.preferences.load();
  screen.editor.useChosenModel();
  await settle();
  return screen;
}

describe("editor with a model that only enlarges", () => {
  it("draws and upscales with the other one until a person chooses, whichever comes first", async () => {
    for (const models of [
      [freeEnlarger, smallModel],
      [smallModel, freeEnlarger],
    ]) {
      const { editor } = await withModels(models);
      expect(editor.model).toEqual(smallModel);
      expect(editor.enlarger).toEqual(smallModel);
      expect(editor.enlargers).toEqual(models);
    }
  });

  it("upscales with the chosen one, faithfully whatever the slider said, and draws with the other", async () => {
    const chosen = { enlargerId: freeEnlarger.modelId };
    for (const [mode, settings, expected] of [
      ["upscale", chosen, { kind: "upscale", modelId: freeEnlarger.modelId, creativity: 0 }],
      ["edit", chosen, { kind: "edit", modelId: smallModel.modelId }],
      ["upscale", {}, { kind: "upscale", modelId: smallModel.modelId, creativity: 0.7 }],
    ] as const) {
      const { editor, transport } = await withModels([smallModel, freeEnlarger], settings);
      editor.mode = mode;
      editor.settings.creativity = 0.7;
      editor.mask.paintRectangle({ x: 5, y: 6, width: 7, height: 8 }, "add");
      await editor.jobs.run();
      expect(transport.lastRequest("startJob")).toMatchObject(expected);
    }
  });

  it("alone can upscale, and every other mode says what is missing", async () => {
    const { editor } = await withModels([freeEnlarger]);
    expect(editor.model).toBeNull();
    expect(editor.enlarger).toEqual(freeEnlarger);
    for (const mode of ["edit", "remove", "extend", "generate"] as const) {
      editor.mode = mode;
      expect(editor.jobs.runBlocker).toBe("onlyEnlarges");
    }
    editor.mode = "upscale";
    expect(editor.jobs.runBlocker).toBeNull();
  });

  it("keeps the other one when the chosen one is removed", async () => {
    const { editor } = await withModels([smallModel, freeEnlarger], {
      enlargerId: freeEnlarger.modelId,
    });
    expect(editor.enlarger).toEqual(freeEnlarger);
    editor.refreshApp({ models: [smallModel] });
    expect(editor.enlarger).toEqual(smallModel);
  });
});
