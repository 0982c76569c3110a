import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { documentInfo, smallModel } from "../../../test/fixtures/screen-data.js";
import { rectContains, rectOfSize } from "../../core/rect.js";
import type { EditorApi } from "../../shared/api.js";
import { upscalePreviewRequest } from "../job/requests.js";
import { JobSettings } from "../job/settings.svelte.js";
import { paceKind } from "../job/upscale-target.js";
import { previewSubject, UpscalePreview } from "./upscale-preview.svelte.js";

const document = documentInfo();
const view = {
  documentId: document.documentId,
  revision: 0,
  size: { width: document.width, height: document.height },
};
const request = upscalePreviewRequest(new JobSettings(() => 1), document, smallModel);
const rect = { x: 4, y: 4, width: 8, height: 8 };
const pixels = (side: number) => ({
  width: side,
  height: side,
  rgba: new Uint8Array(side * side * 4),
  seconds: 0.5,
});

type Reply = Awaited<ReturnType<EditorApi["previewUpscale"]>>;

function setUp() {
  const answers: ((reply: Reply) => void)[] = [];
  const onError = vi.fn();
  const api = {
    readTile: async () => ({ width: 40, height: 30, rgba: new Uint8Array(40 * 30 * 4) }),
    previewUpscale: () => new Promise<Reply>((resolve) => answers.push(resolve)),
  };
  const preview = new UpscalePreview(api, onError);
  return { preview, answers, api, onError };
}

describe("preview of an upscale", () => {
  it("always lies within the picture and within what the engine takes", () => {
    const side = fc.integer({ min: 1, max: 9_000 });
    const place = fc.double({ min: -99, max: 9_999, noNaN: true });
    const { preview } = setUp();
    fc.assert(
      fc.property(side, side, place, place, fc.constantFrom(2, 4, 8), (width, height, x, y, by) => {
        preview.moveTo({ x, y });
        const part = preview.rectIn(
          { width, height },
          { factor: by, creativity: 0, imageSize: null },
        );
        expect(rectContains(rectOfSize(width, height), part)).toBe(true);
        expect(Math.max(part.width, part.height)).toBeLessThanOrEqual(256);
      }),
    );
  });

  it("keeps what is drawn within one picture of the model", () => {
    const { preview } = setUp();
    const picture = { width: 900, height: 900 };
    for (const [factor, imageSize] of [
      [2, 128],
      [4, 128],
      [4, 256],
    ] as const) {
      const side = (creativity: number) =>
        preview.rectIn(picture, { factor, creativity, imageSize }).width;
      expect(side(0.05) * factor).toBeLessThanOrEqual(imageSize - 2 * factor);
      expect(side(0)).toBeGreaterThan(side(0.05));
    }
  });

  it("shows both sides and learns how fast this machine is", async () => {
    const { preview, answers } = setUp();
    const done = preview.run(view, request, rect);
    expect(preview.isBusy).toBe(true);
    answers[0]?.({ rect, ...pixels(16) });
    await done;
    expect(preview.pair).toMatchObject({ rect, before: { width: 8 }, after: { width: 16 } });
    expect(preview.paces).toEqual({ [paceKind(request)]: 256 / 1e6 / 0.5 });
    expect(preview.isBusy).toBe(false);
  });

  it("shows the last one asked for, whichever comes last", async () => {
    const { preview, answers } = setUp();
    const runs = [preview.run(view, request, rect), preview.run(view, request, rect)];
    answers[1]?.({ rect, ...pixels(32) });
    answers[0]?.({ rect, ...pixels(16) });
    await Promise.all(runs);
    expect(preview.pair?.after.width).toBe(32);
  });

  it("shows nothing of another state of the picture", async () => {
    const { preview, answers } = setUp();
    const done = preview.run(view, request, rect);
    preview.forget();
    answers[0]?.({ rect, ...pixels(16) });
    await done;
    expect(preview.pair).toBeNull();
  });

  it("is another one with other settings, and with another prompt only where something is drawn", () => {
    const creative = { ...request, creativity: 0.5 };
    expect(previewSubject({ ...request, speed: "fast" })).not.toBe(previewSubject(request));
    expect(previewSubject({ ...request, prompt: "a dog" })).toBe(previewSubject(request));
    expect(previewSubject({ ...creative, prompt: "a dog" })).not.toBe(previewSubject(creative));
  });

  it("reports why it failed", async () => {
    const { preview, api, onError } = setUp();
    api.previewUpscale = () => Promise.reject(new Error("no"));
    await preview.run(view, request, rect);
    expect(onError).toHaveBeenCalledOnce();
    expect(preview.isBusy).toBe(false);
  });
});
