import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { goToRevision, redo, undo } from "../../core/document/history.js";
import { createRaster, rastersEqual, type Raster } from "../../core/raster.js";
import type { Draft } from "../../shared/drafts.js";
import { documentIdSchema } from "../../shared/ids.js";
import { NO_METADATA } from "../files/metadata.js";
import type { RecipeStep } from "../files/recipe.js";
import { describeDocument } from "./describe-document.js";
import { DocumentStore, type NewDocument } from "./document-store.js";

let sessionDir = "";
beforeEach(async () => {
  sessionDir = await mkdtemp(join(tmpdir(), "spectral-store-"));
});
afterEach(() => rm(sessionDir, { recursive: true, force: true }));

function picture(seed: number, width = 5, height = 3, depth: 8 | 16 = 16): Raster {
  const raster = createRaster(width, height, 3, depth);
  raster.data.forEach((_, index) => {
    raster.data[index] = (index * 7919 + seed * 104729) % (depth === 8 ? 256 : 65536);
  });
  return raster;
}

function opened(raster: Raster): NewDocument {
  const facts = { name: "a.png", format: "png", kind: "open" as const, label: "Open" };
  return { ...facts, raster, metadata: NO_METADATA, recipe: null };
}

const recipe = (kind: string, prompt = ""): RecipeStep => ({
  request: { kind, prompt, modelId: "m", seed: 1 },
  madeBy: null,
});

const edit = (patch: Raster, x: number, y: number) => ({
  kind: "edit" as const,
  label: "Edit",
  recipe: recipe("edit"),
  change: { patch, rect: { x, y, width: patch.width, height: patch.height } },
});

const draft: Draft = {
  mode: "remove",
  mask: {
    size: { width: 10, height: 6 },
    packed: { rect: { x: 1, y: 2, width: 2, height: 2 }, runs: Uint8Array.of(255, 4) },
  },
  feather: 8,
  pictureLock: 2,
  regionLock: 1,
  settings: {
    prompt: "a lake",
    negativePrompt: "",
    generatePrompt: "",
    extendPrompt: "",
    seed: 5,
    isSeedLocked: true,
    guidance: 1,
    temperature: 1,
    topK: 0,
    topP: 1,
    scaleSampling: [null, { topP: 0.5 }],
    strength: 1,
    variations: 4,
    margins: { left: 0, top: 0, right: 8, bottom: 0 },
    factor: 4,
    targetSize: null,
    isRatioLocked: true,
    speed: "best",
    generateFactor: 1,
    creativity: 0,
  },
};

/** Opened, then edited, then enlarged: revisions 0, 1, 2. */
async function withHistory(store: DocumentStore) {
  const { documentId } = await store.add(opened(picture(1)));
  await store.append(documentId, edit(picture(2, 2, 2), 1, 1));
  await store.append(documentId, {
    kind: "upscale",
    label: "Upscale",
    recipe: recipe("upscale"),
    change: { raster: picture(3, 10, 6) },
  });
  return documentId;
}

describe("the document store", () => {
  it("gives every revision back bit for bit, whichever process asks", async () => {
    const first = new DocumentStore(sessionDir);
    const documentId = await withHistory(first);
    const second = new DocumentStore(sessionDir);
    for (const revision of [2, 0, 1]) {
      const mine = await first.raster(documentId, revision);
      expect(rastersEqual(mine, await second.raster(documentId, revision))).toBe(true);
    }
    expect(rastersEqual(await second.raster(documentId, 0), picture(1))).toBe(true);
    expect(describeDocument(await second.get(documentId))).toEqual(
      describeDocument(await first.get(documentId)),
    );
  });

  it("never changes the pixels of an earlier revision", async () => {
    const store = new DocumentStore(sessionDir);
    const { documentId } = await store.add(opened(picture(1)));
    const before = await store.raster(documentId, 0);
    await store.append(documentId, edit(picture(2, 2, 2), 0, 0));
    await store.append(documentId, edit(picture(3, 2, 2), 3, 1));
    const edited = await store.raster(documentId, 2);
    expect(rastersEqual(before, picture(1))).toBe(true);
    expect(rastersEqual(edited, before)).toBe(false);
    expect(rastersEqual(await new DocumentStore(sessionDir).raster(documentId, 2), edited)).toBe(
      true,
    );
  });

  it("keeps an earlier revision as it was when a process that read it from disk adds an edit", async () => {
    const { documentId } = await new DocumentStore(sessionDir).add(opened(picture(1)));
    const store = new DocumentStore(sessionDir);
    const before = Uint8Array.from((await store.raster(documentId, 0)).data);
    await store.append(documentId, edit(picture(2, 2, 2), 1, 1));
    await store.raster(documentId, 1);
    expect(Uint8Array.from((await store.raster(documentId, 0)).data)).toEqual(before);
  });

  it("tells the size of the shown state and whether it was saved", async () => {
    const store = new DocumentStore(sessionDir);
    const documentId = await withHistory(store);
    const shown = () => store.get(documentId).then(describeDocument);
    expect(await shown()).toMatchObject({ width: 10, height: 6, revision: 2, isDirty: true });
    await store.update(documentId, undo);
    expect(await shown()).toMatchObject({ width: 5, canRedo: true, isDirty: true });
    await store.update(documentId, (state) => goToRevision(state, 0));
    expect(await shown()).toMatchObject({ canUndo: false, isDirty: false });
    await store.update(documentId, redo);
    expect(await shown()).toMatchObject({ revision: 1, isDirty: true });
  });

  it("drops what could have been redone, with its files", async () => {
    const store = new DocumentStore(sessionDir);
    const documentId = await withHistory(store);
    await store.update(documentId, (state) => goToRevision(state, 0));
    await store.append(documentId, edit(picture(4, 1, 1), 4, 2));
    const kinds = (await readdir(join(sessionDir, "documents", documentId))).map(
      (name) => name.split("-")[0],
    );
    expect(kinds.sort()).toEqual(["document.json", "patch", "raster"]);
    await expect(store.raster(documentId, 2)).rejects.toMatchObject({ code: "REVISION_UNKNOWN" });
  });

  it("keeps profile and metadata over a restart, and clears what a crash left", async () => {
    const metadata = { icc: Uint8Array.of(1, 2, 3), exif: null, xmp: "<x/>" };
    const { documentId } = await new DocumentStore(sessionDir).add({
      ...opened(picture(1)),
      metadata,
    });
    const folder = join(sessionDir, "documents", documentId);
    await writeFile(join(folder, "patch-half.bin"), "half written");
    const store = new DocumentStore(sessionDir);
    const read = await store.metadata(await store.get(documentId));
    expect({ ...read, icc: [...(read.icc ?? [])] }).toEqual({ ...metadata, icc: [1, 2, 3] });
    expect(await readdir(folder)).not.toContain("patch-half.bin");
  });

  it("keeps what was begun on a document over a restart, until it is closed", async () => {
    const store = new DocumentStore(sessionDir);
    const documentId = await withHistory(store);
    expect(await store.readDraft(documentId)).toBeNull();
    await store.keepDraft(documentId, { ...draft, feather: 3 });
    await store.keepDraft(documentId, draft);
    const next = new DocumentStore(sessionDir);
    expect(await next.readDraft(documentId)).toEqual(draft);
    await next.close(documentId);
    await expect(next.keepDraft(documentId, draft)).rejects.toMatchObject({
      code: "DOCUMENT_UNKNOWN",
    });
  });

  it("does without a draft that is damaged", async () => {
    const store = new DocumentStore(sessionDir);
    const documentId = await withHistory(store);
    await writeFile(join(sessionDir, "documents", documentId, "draft.bin"), "half");
    expect(await store.readDraft(documentId)).toBeNull();
  });

  it("makes changes of one document one after another", async () => {
    const store = new DocumentStore(sessionDir);
    const { documentId } = await store.add(opened(picture(1)));
    await Promise.all(
      [1, 2, 3, 4].map((i) => store.append(documentId, edit(picture(i, 1, 1), i, 0))),
    );
    const { state } = await store.get(documentId);
    expect(state.entries.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4]);
  });

  it("says what to do about unknown, closed and damaged documents", async () => {
    const store = new DocumentStore(sessionDir);
    await expect(store.get(documentIdSchema.parse("d-none"))).rejects.toMatchObject({
      code: "DOCUMENT_UNKNOWN",
    });
    const documentId = await withHistory(store);
    const folder = join(sessionDir, "documents", documentId);
    const { state } = await store.get(documentId);
    await writeFile(join(folder, state.entries[0]!.content.file), "short");
    await expect(new DocumentStore(sessionDir).raster(documentId, 0)).rejects.toThrow(
      /open the picture again/,
    );
    await writeFile(join(folder, "document.json"), "{");
    await expect(new DocumentStore(sessionDir).get(documentId)).rejects.toThrow(/damaged/);
    await new DocumentStore(sessionDir).close(documentId);
    await expect(new DocumentStore(sessionDir).get(documentId)).rejects.toMatchObject({
      code: "DOCUMENT_UNKNOWN",
    });
  });
});

describe("a history within its budget", () => {
  it("lets the oldest states go, says how many, and keeps every pixel of the others", async () => {
    const store = new DocumentStore(sessionDir);
    // Patches of 3000 bytes each: of a megabyte some hundreds fit.
    const base = picture(1, 200, 100);
    const { documentId } = await store.add(opened(base));
    store.setMemory(0.01);
    let file = await store.get(documentId);
    const shown: Raster[] = [];
    for (let count = 1; count <= 6; count++) {
      file = await store.append(documentId, edit(picture(count, 25, 20), count, count));
      shown.push(await store.raster(documentId, count));
    }
    const info = describeDocument(file);
    expect(info.forgottenStates).toBeGreaterThan(0);
    expect(info.history.at(-1)?.revision).toBe(6);
    expect(info.history).toHaveLength(7 - info.forgottenStates!);
    const fresh = new DocumentStore(sessionDir);
    for (const { revision } of info.history) {
      if (revision === 0) continue;
      expect(rastersEqual(await fresh.raster(documentId, revision), shown[revision - 1]!)).toBe(
        true,
      );
    }
    await expect(fresh.raster(documentId, 0)).rejects.toMatchObject({ code: "REVISION_UNKNOWN" });
    const files = await readdir(join(sessionDir, "documents", documentId));
    expect(files).toHaveLength(info.history.length + 1);
  });

  it("never lets the shown state go, nor anything by undoing", async () => {
    const store = new DocumentStore(sessionDir);
    const documentId = await withHistory(store);
    store.setMemory(0);
    const undone = await store.update(documentId, undo);
    expect(undone.state.entries).toHaveLength(3);
    const appended = await store.append(documentId, edit(picture(9, 1, 1), 0, 0));
    expect(appended.state.entries).toHaveLength(1);
    expect(describeDocument(appended)).toMatchObject({
      canUndo: false,
      isDirty: true,
      revision: 3,
    });
  });

  it("lists open documents in the order they were opened, without transient and damaged ones", async () => {
    const store = new DocumentStore(sessionDir);
    const first = await store.add(opened(picture(1)));
    await store.add({ ...opened(picture(2)), isTransient: true });
    const broken = await store.add(opened(picture(3)));
    const last = await store.add(opened(picture(4)));
    await writeFile(join(sessionDir, "documents", broken.documentId, "document.json"), "{");
    const list = await new DocumentStore(sessionDir).list();
    expect(list.map(({ documentId }) => documentId)).toEqual([first.documentId, last.documentId]);
  });
});
