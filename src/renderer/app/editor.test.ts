import { describe, expect, it } from "vitest";
import {
  edited,
  settle,
  setUp,
  withCandidate,
  withPicture,
} from "../../../test/fixtures/editor-screen.js";
import {
  documentInfo,
  finalPicture,
  finished,
  jobId,
  preview,
  smallModel,
} from "../../../test/fixtures/screen-data.js";
import { documentIdSchema, jobIdSchema } from "../../shared/ids.js";
import { DEFAULT_SETTINGS } from "../../shared/settings.js";
import { pictureCommands as commands } from "./commands/picture-commands.js";
import { runCommand } from "./keyboard.js";
import { syncViewport } from "./in-step.js";

describe("editor", () => {
  it("starts with the first model and its defaults", async () => {
    const { editor } = setUp();
    await editor.start();
    expect(editor.model).toEqual(smallModel);
    expect(editor.settings.topP).toBe(0.9);
    expect(editor.ladder.rungs.map(({ resolution }) => resolution)).toEqual([
      "4 × 4",
      "8 × 8",
      "16 × 16",
    ]);
  });

  it("says why a run is not possible, step by step", async () => {
    const { editor } = setUp();
    expect(editor.jobs.runBlocker).toBe("noDocument");
    await editor.start();
    await editor.files.open();
    await settle();
    expect(editor.jobs.runBlocker).toBe("noMask");
    editor.mask.paintRectangle({ x: 0, y: 0, width: 8, height: 8 }, "add");
    expect(editor.jobs.runBlocker).toBeNull();
    editor.ladder.setFrozenScales(3);
    expect(editor.jobs.runBlocker).toBe("allKept");
    editor.mode = "upscale";
    expect(editor.jobs.runBlocker).toBeNull();
  });

  it("sends one complete request with the trimmed mask", async () => {
    const { editor, transport } = await withPicture();
    editor.mask.paintRectangle({ x: 5, y: 6, width: 7, height: 8 }, "add");
    editor.settings.prompt = "  a boat ";
    editor.ladder.setFrozenScales(1);
    await editor.jobs.run();
    expect(transport.lastRequest("startJob")).toMatchObject({
      kind: "edit",
      documentId: "d1",
      modelId: "small",
      mask: { rect: { x: 5, y: 6, width: 7, height: 8 } },
      frozenScales: 1,
      prompt: "a boat",
      topP: 0.9,
    });
    // Another one may be started meanwhile: it waits for its turn.
    expect(editor.jobs.runBlocker).toBeNull();
  });

  it("draws a new seed for each run unless it is locked", async () => {
    const { editor, transport } = await withCandidate();
    const first = editor.settings.seed;
    await editor.jobs.discard();
    await editor.jobs.run();
    expect(editor.settings.seed).not.toBe(first);
    transport.emit("job-cancelled", { jobId });
    editor.settings.typeSeed("77");
    await editor.jobs.run();
    expect(transport.lastRequest("startJob")).toMatchObject({ seed: 77 });
  });

  it("keeps a result: the document moves on and the mask stays for the next one", async () => {
    const { editor, transport } = await withCandidate({ acceptResult: () => edited });
    expect(editor.job.state.kind).toBe("candidate");
    expect(editor.scene?.after).toHaveLength(2);
    await editor.jobs.keep();
    await settle();
    expect(editor.document.info?.revision).toBe(1);
    expect(editor.mask.bounds).toEqual({ x: 4, y: 4, width: 8, height: 8 });
    expect(editor.mask.canUndo).toBe(false);
    // It would cover just what was kept; the next stroke or job brings it back.
    expect(editor.mask.isVisible).toBe(false);
    editor.mask.paintRectangle({ x: 4, y: 4, width: 9, height: 8 }, "add");
    expect(editor.mask.isVisible).toBe(true);
    expect(editor.job.state.kind).toBe("idle");
    expect(transport.methods).not.toContain("discardResult");
  });

  it("tries again with another seed and the settings of now", async () => {
    const { editor, transport } = await withCandidate();
    editor.settings.prompt = "something else";
    const seeds = [editor.settings.seed];
    await editor.jobs.tryAgain();
    seeds.push(editor.settings.seed);
    expect(seeds[0]).not.toBe(seeds[1]);
    const jobCalls = transport.methods.filter((method) => method !== "updateSettings");
    expect(jobCalls.slice(-2)).toEqual(["discardResult", "startJob"]);
    expect(transport.lastRequest("startJob")).toMatchObject({
      prompt: "something else",
      seed: seeds[1],
    });
  });

  it("keeps by Enter in the prompt, and draws again when the prompt is another one", async () => {
    const { editor, transport } = await withCandidate({ acceptResult: () => edited });
    editor.settings.prompt = "a boat";
    await editor.jobs.submitPrompt();
    expect(transport.methods.at(-1)).toBe("startJob");
    transport.emit("job-finished", finished());
    await editor.jobs.submitPrompt();
    await settle();
    expect(editor.document.info?.revision).toBe(1);
  });

  it("takes back strokes of the mask before revisions of the picture", async () => {
    const { editor, transport } = await withPicture({
      openDocument: () => edited,
      undo: () => documentInfo({ canRedo: true }),
    });
    editor.mask.paintRectangle({ x: 0, y: 0, width: 9, height: 9 }, "add");
    await editor.history.undo();
    expect(editor.mask.isEmpty).toBe(true);
    expect(transport.methods).not.toContain("undo");
    await editor.history.undo();
    expect(editor.document.info?.revision).toBe(0);
  });

  it("takes back no stroke that cannot be seen", async () => {
    const { editor } = await withPicture();
    editor.mask.paintRectangle({ x: 0, y: 0, width: 9, height: 9 }, "add");
    editor.mode = "upscale";
    expect(editor.history.canUndo).toBe(false);
    editor.mode = "edit";
    expect(editor.history.canUndo).toBe(true);
  });

  it("keeps the mask on its place when an upscale is taken back", async () => {
    const { editor } = await withPicture({
      openDocument: () => documentInfo({ width: 80, height: 60, revision: 1, canUndo: true }),
      undo: () => documentInfo({ canRedo: true }),
    });
    editor.mask.paintRectangle({ x: 60, y: 40, width: 10, height: 10 }, "add");
    editor.mask.forgetUndo();
    await editor.history.undo();
    expect(editor.mask.size).toEqual({ width: 40, height: 30 });
    expect(editor.mask.bounds).toEqual({ x: 30, y: 20, width: 5, height: 5 });
    expect(editor.region).not.toBeNull();
  });

  it("crops to the mask, which is done with then, and compares within the new frame", async () => {
    const requests: unknown[] = [];
    const cropped = documentInfo({
      width: 8,
      height: 6,
      revision: 1,
      canUndo: true,
      history: [
        { revision: 0, label: "photo.png", kind: "open" },
        { revision: 1, label: "Crop", kind: "transform" },
      ],
    });
    const { editor } = await withPicture({
      transformDocument: (request) => (requests.push(request), cropped),
      undo: () => documentInfo({ canRedo: true }),
    });
    expect(commands.crop.isEnabled(editor)).toBe(false);
    editor.mask.paintRectangle({ x: 4, y: 4, width: 8, height: 6 }, "add");
    expect(commands.crop.isEnabled(editor)).toBe(true);
    commands.crop.run(editor);
    await settle();
    expect(requests).toEqual([
      {
        documentId: cropped.documentId,
        transform: { kind: "crop", rect: { x: 4, y: 4, width: 8, height: 6 } },
      },
    ]);
    expect(editor.mask.size).toEqual({ width: 8, height: 6 });
    expect(editor.mask.isEmpty).toBe(true);
    // The picture before lay in another frame: put over this one it would say nothing.
    expect(editor.scene?.before).toBeNull();
    editor.mask.paintRectangle({ x: 1, y: 1, width: 2, height: 2 }, "add");
    editor.mask.forgetUndo();
    await editor.history.undo();
    expect([editor.mask.size, editor.mask.isEmpty]).toEqual([{ width: 40, height: 30 }, true]);
  });

  it("loses no key that is pressed while the picture changes", async () => {
    const asked: string[] = [];
    const { editor } = await withPicture({
      transformDocument: async () => {
        asked.push("turn");
        await settle();
        return documentInfo({ revision: 1, canUndo: true });
      },
      undo: async () => {
        asked.push("undo");
        await settle();
        return documentInfo({ canRedo: true });
      },
    });
    editor.document.refresh(documentInfo({ canUndo: true }));
    for (const id of ["undo", "turnLeft", "undo"] as const) runCommand(editor, id);
    await expect.poll(() => asked).toEqual(["undo", "turn", "undo"]);
  });

  it("neither crops nor turns a picture that a job works on", async () => {
    const { editor } = await withCandidate();
    expect([commands.crop, commands.turnLeft].map((one) => one.isEnabled(editor))).toEqual([
      false,
      false,
    ]);
    await editor.history.transform(() => ({ kind: "turn", turn: "left" }));
    expect(editor.notices.list).toEqual([]);
  });

  it("survives the engine: the job goes on in the next one", async () => {
    const { editor, transport } = await withPicture();
    editor.mask.paintRectangle({ x: 0, y: 0, width: 9, height: 9 }, "add");
    await editor.jobs.run();
    transport.emit("job-preview", preview(0));
    // Only a death is news; what a person's own cancel took is not.
    transport.emit("engine-restarted", { reason: "a cancel", isDeliberate: true });
    expect(editor.notices.list).toEqual([]);
    transport.emit("engine-restarted", { reason: "killed" });
    expect(editor.job.state.kind).toBe("running");
    expect(editor.notices.list.at(-1)?.body).toContain("safe");
    expect(editor.document.info).not.toBeNull();
    transport.emit("job-finished", finished());
    expect(editor.job.state.kind).toBe("candidate");
  });

  it("compares a result with the picture, and a kept result with the original", async () => {
    const { editor } = await withCandidate({ acceptResult: () => edited });
    expect(editor.scene?.before).toEqual([{ kind: "tiles", view: editor.document.shown }]);
    await editor.jobs.keep();
    await settle();
    expect(editor.scene?.before).toMatchObject([{ kind: "tiles", view: { revision: 0 } }]);
  });

  it("shows a generated picture alone and opens it when it is kept", async () => {
    const made = documentInfo({
      documentId: documentIdSchema.parse("d2"),
      name: "Generated",
      width: 16,
      height: 16,
      format: "none",
    });
    const { editor, transport } = setUp({ acceptResult: () => made });
    await editor.start();
    editor.settings.generatePrompt = "a lighthouse";
    editor.openGenerate();
    await editor.jobs.run();
    transport.emit("job-finished", finished({ kind: "generate", documentId: null }));
    expect(editor.scene?.size).toEqual({ width: 16, height: 16 });
    await editor.jobs.keep();
    await settle();
    expect(editor.document.info?.name).toBe("Generated");
    expect(editor.scene?.id).toBe("document/d2");
  });

  it("fits a new picture, and keeps the place when it was upscaled", async () => {
    const large = documentInfo({ width: 80, height: 60, revision: 1 });
    const { editor } = await withPicture();
    editor.viewport.resize({ width: 400, height: 300 });
    syncViewport(editor);
    editor.viewport.zoomTo(2);
    const corner = editor.viewport.view.x + 40 * editor.viewport.view.scale;
    editor.document.refresh(large);
    syncViewport(editor);
    expect(editor.viewport.view.scale).toBe(1);
    expect(editor.viewport.view.x + 80).toBeCloseTo(corner);
  });

  it("leads from a masking tool back to redrawing", async () => {
    const { editor } = await withPicture();
    editor.mode = "upscale";
    expect(editor.tool).toBe("pan");
    runCommand(editor, "eraser");
    expect(editor.mode).toBe("edit");
    expect(editor.tool).toBe("eraser");
  });

  it("leaves with Escape what is nearest: the job, then the result", async () => {
    const { editor, transport } = await withPicture({ cancelJob: () => ({}) });
    editor.mask.paintRectangle({ x: 0, y: 0, width: 9, height: 9 }, "add");
    await editor.jobs.run();
    await editor.jobs.cancel();
    expect(transport.methods).toContain("cancelJob");
    transport.emit("job-cancelled", { jobId });
    expect(editor.job.state.kind).toBe("idle");
    await editor.jobs.run();
    transport.emit("job-finished", finished());
    await editor.jobs.cancel();
    expect(transport.methods.at(-1)).toBe("discardResult");
    expect(editor.job.state.kind).toBe("idle");
  });

  it("draws more like a variation, and the one that it came from waits", async () => {
    const { editor, transport } = await withCandidate();
    const first = editor.job.selected;
    editor.settings.setVariations(4);
    await editor.jobs.drawMoreLike(2);
    expect(transport.lastRequest("startJob")).toMatchObject({
      startFrom: { jobId, variation: 0, scales: 2 },
      variations: 4,
      mask: { rect: { x: 4, y: 4, width: 8, height: 8 } },
    });
    expect(transport.methods).not.toContain("discardResult");
    expect(editor.job.ready).toEqual([first]);
  });

  it("does not keep a result of another state, but draws it again", async () => {
    const { editor, transport } = await withCandidate({ acceptResult: () => edited });
    const first = editor.job.selected;
    await editor.jobs.run();
    transport.emit("job-finished", finished());
    await editor.jobs.keep();
    await settle();
    // The other one was made from the picture as it was before.
    expect(editor.job.selected).toEqual(first);
    expect(editor.jobs.isResultStale).toBe(true);
    const calls = transport.methods.length;
    await editor.jobs.keep();
    expect(transport.methods).toHaveLength(calls);
    await editor.jobs.drawAgain();
    expect(editor.job.running?.request).toEqual(first?.request);
    transport.emit("job-finished", finished());
    expect(editor.jobs.isResultStale).toBe(false);
  });

  it("goes back to the picture with a tool that masks, while the job goes on", async () => {
    const { editor, transport } = await withPicture();
    editor.mask.paintRectangle({ x: 0, y: 0, width: 9, height: 9 }, "add");
    await editor.jobs.run();
    editor.chooseTool("brush");
    expect(editor.job.isIdle).toBe(true);
    transport.emit("job-finished", finished());
    expect(editor.scene?.after).toHaveLength(1);
    editor.jobs.showJob(editor.workspace, editor.job.ready[0]?.key ?? 0);
    expect(editor.scene?.after).toHaveLength(2);
    await editor.jobs.endJob(editor.workspace, editor.job.ready[0]?.key ?? 0);
    expect(editor.job.entries).toEqual([]);
    expect(transport.methods.at(-1)).toBe("discardResult");
  });

  it("steps through variations in a circle and compares two of them", async () => {
    const { editor, transport } = await withPicture();
    editor.mask.paintRectangle({ x: 0, y: 0, width: 9, height: 9 }, "add");
    editor.settings.setVariations(3);
    await editor.jobs.run();
    for (const variation of [1, 2]) transport.emit("job-variation", finalPicture(variation));
    transport.emit("job-finished", finished());
    editor.jobs.stepVariation(-1);
    expect(editor.job.selected?.variation).toBe(2);
    runCommand(editor, "compareVariations");
    expect(editor.job.selected).toMatchObject({ rival: 2, variation: 0 });
    expect(editor.scene).toMatchObject({ names: { before: "Variation 3", after: "Variation 1" } });
    expect(editor.scene?.before).toHaveLength(2);
    runCommand(editor, "compareVariations");
    expect(editor.job.selected?.rival).toBeNull();
  });

  it("asks for no pictures while drawing if the person wants none", async () => {
    const { editor, transport } = await withPicture();
    editor.preferences.adopt({ ...DEFAULT_SETTINGS, previews: false });
    editor.mask.paintRectangle({ x: 0, y: 0, width: 9, height: 9 }, "add");
    await editor.jobs.run();
    expect(transport.lastRequest("startJob")).toMatchObject({ previews: false });
  });

  it("ignores events of another job", async () => {
    const { editor, transport } = await withPicture();
    editor.mask.paintRectangle({ x: 0, y: 0, width: 9, height: 9 }, "add");
    await editor.jobs.run();
    transport.emit("job-finished", finished({ jobId: jobIdSchema.parse("other") }));
    expect(editor.job.state.kind).toBe("running");
  });
});
