import { describe, expect, it } from "vitest";
import {
  edited,
  file,
  settle,
  setUp,
  withCandidate,
  withPicture,
} from "../../../test/fixtures/editor-screen.js";
import {
  appInfo,
  documentInfo,
  finalPicture,
  finished,
  jobId,
  preview,
} from "../../../test/fixtures/screen-data.js";
import { AppError } from "../../core/errors.js";
import type { OpenJob } from "../../shared/api.js";
import { documentIdSchema } from "../../shared/ids.js";
import type { JobRequest } from "../../shared/jobs.js";

/** A job of the first document that a page which was loaded before had begun. */
function openJob(request: JobRequest, changes: Partial<OpenJob> = {}): OpenJob {
  const end = { finished: null, pictures: [], previews: [], elapsedMs: 900 };
  return { jobId, request, revision: documentInfo().revision, ...end, ...changes };
}

describe("editor and its documents", () => {
  it("shows what was opened on the command line, and why it could not be", async () => {
    const startupError = new AppError("FILE_NOT_FOUND", "Expected a file but got none.");
    const { editor } = setUp({
      getAppInfo: () => ({ ...appInfo, startupDocument: documentInfo() }),
    });
    await editor.start();
    expect(editor.document.info?.name).toBe("photo.png");
    const other = setUp({
      getAppInfo: () => ({
        ...appInfo,
        startupError: { code: startupError.code, message: startupError.message, details: {} },
      }),
    });
    await other.editor.start();
    expect(other.editor.notices.list[0]?.title).toBe("The file is not there");
  });

  it("offers the first frame of an animation", async () => {
    const { editor, transport } = setUp({
      openDocument: ({ frame }) => {
        if (frame === "first") return documentInfo({ name: "dance.gif" });
        throw new AppError("IMAGE_ANIMATED", "Expected one picture but got 24 frames.");
      },
    });
    await editor.start();
    await editor.files.openFile(file("dance.gif"));
    await settle();
    const [notice] = editor.notices.list;
    expect(notice?.title).toBe("This picture is animated");
    notice?.actions[0]?.run();
    await settle();
    expect(transport.lastRequest("openDocument").frame).toBe("first");
    expect(editor.document.info?.name).toBe("dance.gif");
    expect(editor.notices.list).toEqual([]);
  });

  it("opens each picture in a tab of its own and keeps what belongs to the others", async () => {
    let count = 0;
    const { editor, transport } = await withPicture({
      openDocument: ({ name }) =>
        documentInfo({ name, documentId: documentIdSchema.parse(`d${++count}`) }),
    });
    editor.mask.paintRectangle({ x: 4, y: 4, width: 8, height: 8 }, "add");
    editor.settings.prompt = "a boat";
    await editor.jobs.run();
    await editor.files.openFiles([file("b.png"), file("c.png")]);
    const [first, second, third] = editor.tabs.list;
    expect(editor.tabs.list.map(({ document }) => document.info?.name)).toEqual([
      "photo.png",
      "b.png",
      "c.png",
    ]);
    expect(editor.document.info?.name).toBe("c.png");
    expect(editor.mask.isEmpty).toBe(true);
    expect(editor.job.isIdle).toBe(true);
    // The job of the first picture goes on behind the scenes.
    transport.emit("job-finished", finished());
    expect(first?.job.state.kind).toBe("candidate");
    expect(second?.job.state.kind).toBe("idle");
    editor.tabs.show(first!);
    expect(editor.settings.prompt).toBe("a boat");
    expect(editor.mask.isEmpty).toBe(false);
    editor.tabs.step(-1);
    expect(editor.workspace).toBe(third);
  });

  it("shows a picture that is open already instead of opening it twice", async () => {
    const { editor } = await withPicture();
    await editor.files.openFile(file("again.png"));
    expect(editor.tabs.list).toHaveLength(1);
  });

  it("asks before a tab with unsaved changes is closed, and closes others at once", async () => {
    let count = 0;
    const { editor, transport } = await withPicture({
      openDocument: () =>
        ++count === 1 ? edited : documentInfo({ documentId: documentIdSchema.parse("d2") }),
    });
    await editor.files.openFile(file("other.png"));
    const [first, second] = editor.tabs.list;
    editor.files.close(first);
    const dialog = editor.dialogs.current;
    expect(dialog.kind).toBe("unsaved");
    expect(editor.workspace).toBe(first);
    expect(transport.methods).not.toContain("closeDocument");
    if (dialog.kind === "unsaved") dialog.proceed();
    await settle();
    expect(transport.lastRequest("closeDocument")).toEqual({ documentId: "d1" });
    expect(editor.workspace).toBe(second);
    editor.dialogs.close();
    editor.files.close();
    await settle();
    expect(editor.document.info).toBeNull();
    expect(editor.tabs.list).toHaveLength(1);
  });

  it("shows what was open before the page was loaded again, and what a crash left behind", async () => {
    const d2 = documentIdSchema.parse("d2");
    const recovery = {
      recoveryId: "s/d9",
      name: "lost.png",
      width: 4,
      height: 3,
      changedAt: 1,
      edits: 2,
    };
    let left = [recovery];
    const { editor } = setUp({
      getAppInfo: () => ({ ...appInfo, startupDocument: documentInfo() }),
      listDocuments: () => ({
        documents: [documentInfo(), documentInfo({ documentId: d2, name: "b.png" })],
      }),
      listRecoveries: () => ({ recoveries: left }),
      recoverDocument: () =>
        documentInfo({ documentId: documentIdSchema.parse("d9"), name: "lost.png" }),
    });
    await editor.start();
    const names = () => editor.tabs.list.map(({ document }) => document.info?.name);
    expect(names()).toEqual(["photo.png", "b.png"]);
    expect(editor.document.info?.name).toBe("photo.png");
    expect(editor.recovery.list).toEqual([recovery]);
    left = [];
    await editor.recovery.recoverAll();
    expect(editor.document.info?.name).toBe("lost.png");
    expect(editor.recovery.list).toEqual([]);
  });

  it("puts what is dropped on the batch, or is too much to look at, into the batch", async () => {
    const { editor, transport } = await withPicture();
    const many = Array.from({ length: 21 }, (_, index) => file(`${index}.png`));
    await editor.batches.openAll(many);
    expect(editor.dialogs.current.kind).toBe("batch");
    expect(editor.batch.items).toHaveLength(21);
    await editor.batches.openAll([file("one-more.png")]);
    expect(editor.batch.items).toHaveLength(22);
    expect(transport.methods.filter((method) => method === "openDocument")).toHaveLength(1);
    editor.dialogs.close();
    await editor.batches.openAll([file("tab.png")]);
    expect(transport.lastRequest("openDocument").name).toBe("tab.png");
  });

  it("tells when the oldest states of a picture were let go", async () => {
    const { editor, transport } = await withPicture();
    transport.emit("document-changed", documentInfo({ forgottenStates: 2 }));
    expect(editor.notices.list.at(-1)?.title).toContain("2 oldest states");
    transport.emit("document-changed", documentInfo({ forgottenStates: 2 }));
    expect(editor.notices.list).toHaveLength(1);
  });

  it("saves by download in a browser tab and marks the document saved", async () => {
    const { editor, downloads } = await withPicture({
      openDocument: () => edited,
      exportDocument: () => ({
        name: "photo-edited.png",
        mediaType: "image/png",
        bytes: new Uint8Array(4),
        revision: 1,
      }),
      markSaved: () => ({ ...edited, isDirty: false }),
    });
    editor.files.askToSave();
    await editor.files.save({ format: "png", quality: 90, embedRecipe: true, metadata: "all" });
    expect(downloads).toEqual(["photo-edited.png"]);
    expect(editor.document.info?.isDirty).toBe(false);
    expect(editor.dialogs.isOpen).toBe(false);
    expect(editor.notices.list[0]?.tone).toBe("success");
  });

  it("keeps the dialog open and says why when saving fails", async () => {
    const { editor } = await withPicture({
      exportDocument: () => {
        throw new AppError("OUT_OF_MEMORY", "Expected 2 GB but got 1 GB. Close other programs.");
      },
    });
    editor.files.askToSave();
    await editor.files.save({ format: "png", quality: 90, embedRecipe: true, metadata: "all" });
    expect(editor.dialogs.current.kind).toBe("save");
    expect(editor.notices.list[0]?.title).toBe("Not enough memory");
  });

  it("goes on where the page was that was loaded before: mask, fields, running job and result", async () => {
    const earlier = await withPicture();
    earlier.editor.settings.prompt = "a red bench";
    earlier.editor.mask.paintRectangle({ x: 4, y: 4, width: 8, height: 8 }, "add");
    const draft = earlier.editor.workspace.toDraft();
    await earlier.editor.jobs.run();
    const request = earlier.transport.lastRequest("startJob");
    const d2 = documentIdSchema.parse("d2");
    const { editor, transport } = setUp({
      listDocuments: () => ({
        documents: [documentInfo(), documentInfo({ documentId: d2, name: "b.png" })],
      }),
      readDraft: ({ documentId }) => ({ draft: documentId === d2 ? null : draft }),
      listJobs: () => ({
        jobs: [openJob(request)],
      }),
    });
    await editor.start();
    const [first] = editor.tabs.list;
    expect(first?.settings.prompt).toBe("a red bench");
    expect(first?.mask.bounds).toEqual({ x: 4, y: 4, width: 8, height: 8 });
    expect(first?.job.state.kind).toBe("running");
    transport.emit("job-finished", finished());
    expect(first?.job.state.kind).toBe("candidate");
    expect(editor.tabs.list[1]?.mask.isEmpty).toBe(true);
  });

  it("leaves a person at the picture that was opened while the list of open ones was under way", async () => {
    const photo = documentInfo();
    const b = documentInfo({ documentId: documentIdSchema.parse("d2"), name: "b.png" });
    const { editor } = setUp({
      listDocuments: () => {
        editor.files.adopt(photo);
        editor.files.adopt(b);
        return { documents: [b, photo] };
      },
    });
    await editor.start();
    expect(editor.tabs.list.map(({ document }) => document.info?.name)).toEqual([
      "photo.png",
      "b.png",
    ]);
    expect(editor.document.info?.name).toBe("b.png");
  });

  it("leaves a person at the picture that was chosen while the rest of the start was under way", async () => {
    const photo = documentInfo();
    const b = documentInfo({ documentId: documentIdSchema.parse("d2"), name: "b.png" });
    const startup = documentInfo({ documentId: documentIdSchema.parse("d3"), name: "c.png" });
    const { editor } = setUp({
      getAppInfo: () => ({ ...appInfo, startupDocument: startup }),
      listDocuments: () => ({ documents: [photo, b, startup] }),
      readDraft: ({ documentId }) => {
        const [first] = editor.tabs.list;
        if (documentId === startup.documentId && first !== undefined) editor.tabs.show(first);
        return { draft: null };
      },
    });
    await editor.start();
    expect(editor.tabs.list).toHaveLength(3);
    expect(editor.document.info?.name).toBe("photo.png");
  });

  it("puts the picture that the app was started with in front of those of before", async () => {
    const startup = documentInfo();
    const b = documentInfo({ documentId: documentIdSchema.parse("d2"), name: "b.png" });
    const { editor } = setUp({
      getAppInfo: () => ({ ...appInfo, startupDocument: startup }),
      listDocuments: () => ({ documents: [startup, b] }),
    });
    await editor.start();
    expect(editor.tabs.list).toHaveLength(2);
    expect(editor.document.info?.name).toBe("photo.png");
  });

  it("opens the picture that the app was started with behind one that was opened meanwhile", async () => {
    const startup = documentInfo({ documentId: documentIdSchema.parse("d3"), name: "c.png" });
    const { editor } = setUp({
      getAppInfo: () => {
        editor.files.adopt(documentInfo());
        return { ...appInfo, startupDocument: startup };
      },
      listDocuments: () => ({ documents: [startup] }),
    });
    await editor.start();
    expect(editor.tabs.list.map(({ document }) => document.info?.name)).toEqual([
      "photo.png",
      "c.png",
    ]);
    expect(editor.document.info?.name).toBe("photo.png");
  });

  it("asks before a tab with a result that nobody decided about is closed", async () => {
    const { editor, transport } = await withCandidate();
    expect(editor.workspace.hasUnsaved).toBe(true);
    editor.files.close();
    const dialog = editor.dialogs.current;
    expect(dialog.kind).toBe("unfinished");
    expect(transport.methods).not.toContain("closeDocument");
    if (dialog.kind === "unfinished") dialog.proceed();
    await settle();
    expect(transport.methods).toContain("discardResult");
    expect(transport.lastRequest("closeDocument")).toEqual({ documentId: "d1" });
    expect(editor.workspace.hasUnsaved).toBe(false);
  });

  it("shows a result that waited for a decision, and lets it go when another window decides", async () => {
    const earlier = await withCandidate();
    const request = earlier.transport.lastRequest("startJob");
    const { editor, transport } = setUp({
      listDocuments: () => ({ documents: [documentInfo()] }),
      listJobs: () => ({
        jobs: [openJob(request, { finished: finished(), pictures: [0] })],
      }),
      readJobPicture: () => finished(),
    });
    await editor.start();
    expect(editor.job.state).toMatchObject({ kind: "candidate", elapsedMs: 900 });
    expect(editor.jobs.isResultStale).toBe(false);
    transport.emit("job-settled", { jobId });
    expect(editor.job.state.kind).toBe("idle");
  });

  it("has every variation of a job that ended while the page was loaded", async () => {
    const earlier = await withPicture();
    earlier.editor.mask.paintRectangle({ x: 4, y: 4, width: 8, height: 8 }, "add");
    earlier.editor.settings.setVariations(4);
    await earlier.editor.jobs.run();
    const request = earlier.transport.lastRequest("startJob");
    const { editor, transport } = setUp({
      listDocuments: () => ({ documents: [documentInfo()] }),
      // The second came before this page knew of the job, the end before it has read that picture.
      listJobs: () => ({ jobs: [openJob(request, { pictures: [1] })] }),
      readJobPicture: ({ variation }) => {
        for (const later of [2, 3]) transport.emit("job-variation", finalPicture(later));
        transport.emit("job-finished", finished());
        return finalPicture(variation);
      },
    });
    await editor.start();
    expect(editor.job.state).toMatchObject({ kind: "candidate", jobId });
    expect([0, 1, 2, 3].map((variation) => editor.job.newestOf(variation)?.rgba[0])).toEqual([
      0, 1, 2, 3,
    ]);
  });

  it("shows every scale of a job that a page saw before, in the order of drawing", async () => {
    const earlier = await withPicture();
    earlier.editor.mask.paintRectangle({ x: 4, y: 4, width: 8, height: 8 }, "add");
    await earlier.editor.jobs.run();
    const request = earlier.transport.lastRequest("startJob");
    const places = [0, 1, 2, 3].map((scale) => ({ scale, rect: preview(scale).rect }));
    const { editor, transport } = setUp({
      listDocuments: () => ({ documents: [documentInfo()] }),
      listJobs: () => ({
        jobs: [openJob(request, { previews: places.slice(0, 3) })],
      }),
      readJobPreview: ({ preview: { scale } }) => {
        // The next one comes while the first is read, and the second gives way to a later one.
        if (scale === 0) transport.emit("job-preview", preview(3));
        if (scale === 1) throw new AppError("JOB_UNKNOWN", "Expected a preview but it is gone.");
        const { width, height, rgba } = preview(scale);
        return { width, height, rgba };
      },
    });
    await editor.start();
    expect(editor.job.previews.map(({ scale }) => scale)).toEqual([0, 2, 3]);
    expect(editor.job.shown).toMatchObject({ scale: 3 });
    transport.emit("job-finished", finished());
    editor.job.peekedScale = 2;
    expect(editor.job.shown).toMatchObject(preview(2));
  });

  it("leaves a job alone that was decided about while its pictures were read", async () => {
    const earlier = await withCandidate();
    const request = earlier.transport.lastRequest("startJob");
    const { editor } = setUp({
      listDocuments: () => ({ documents: [documentInfo()] }),
      listJobs: () => ({
        jobs: [openJob(request, { finished: finished(), pictures: [0] })],
      }),
      readJobPicture: () => {
        throw new AppError("JOB_UNKNOWN", "Expected a job but it is gone.");
      },
    });
    await editor.start();
    expect(editor.job.state.kind).toBe("idle");
    expect(editor.notices.list).toEqual([]);
  });

  it("takes a tab away whose picture was closed in another window, and says so", async () => {
    const { editor, transport } = await withPicture();
    const { documentId } = documentInfo();
    transport.emit("document-closed", { documentId });
    expect(editor.document.info).toBeNull();
    expect(editor.notices.list.map(({ title }) => title)).toEqual([
      "photo.png was closed in another window",
    ]);
    expect(transport.methods).not.toContain("closeDocument");
  });
});
