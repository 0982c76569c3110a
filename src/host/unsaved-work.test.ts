import { describe, expect, it } from "vitest";
import type { EngineApi } from "../shared/api.js";
import type { Draft } from "../shared/drafts.js";
import { hasUnsavedWork } from "./unsaved-work.js";

const words = { prompt: "", negativePrompt: "", generatePrompt: "", extendPrompt: "" };
const mask = { size: { width: 8, height: 8 }, packed: {} };

/** An engine with one open picture. */
function engineWith(isDirty: boolean, draft: object | null) {
  const engine = {
    listDocuments: async () => ({ documents: [{ documentId: "d1", isDirty }] }),
    readDraft: async () => ({ draft: draft as Draft | null }),
  };
  // Only what is asked for is here.
  return engine as unknown as Pick<EngineApi, "listDocuments" | "readDraft">;
}

describe("unsaved work", () => {
  it.each([
    ["nothing was done", false, null, false],
    ["a panel was looked at", false, { mask: null, settings: words }, false],
    ["a mask was drawn", false, { mask, settings: words }, true],
    ["words were typed", false, { mask: null, settings: { ...words, extendPrompt: "sky" } }, true],
    ["the picture was changed", true, null, true],
  ])("is told when %s", async (_, isDirty, draft, expected) => {
    expect(await hasUnsavedWork(engineWith(isDirty, draft))).toBe(expected);
  });
});
