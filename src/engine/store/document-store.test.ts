import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRaster, rastersEqual, type Raster } from "../../core/raster.js";
import { documentIdSchema } from "../../shared/ids.js";
import { NO_METADATA } from "../files/metadata.js";
import type { RecipeStep } from "../files/recipe.js";
import { DocumentStore, type NewDocument } from "./document-store.js";

let sessionDir: string;

beforeEach(async () => {
  sessionDir = await mkdtemp(join(tmpdir(), "spectral-store-"));
});
afterEach(async () => {
  await rm(sessionDir, { recursive: true });
});

function picture(seed: number, width = 5, height = 3, depth: 8 | 16 = 16): Raster {
  const raster = createRaster(width, height, 3, depth);
  raster.data.forEach((_, index) => {
    raster.data[index] = (index * 7919 + seed * 104729) % (depth === 8 ? 256 : 65536);
  });
  return raster;
}

function opened(raster: Raster): NewDocument {
  return { name: "a.png", fileFormat: "png", raster, metadata: NO_METADATA, step: null };
}

const step = (kind: RecipeStep["kind"], prompt = ""): RecipeStep => ({
  kind,
  prompt,
  model: "m",
  seed: 1,
  settings: {},
});

async function withHistory(store: DocumentStore) {
  const { documentId } = await store.create(opened(picture(1)));
  await store.append(documentId, {
    label: "Edit",
    step: step("edit"),
    pixels: { kind: "patch", patch: picture(2, 2, 2), x: 1, y: 1 },
  });
  const info = await store.append(documentId, {
    label: "Upscale",
    step: step("upscale"),
    pixels: { kind: "raster", raster: picture(3, 10, 6) },
  });
  return { documentId, info };
}

describe("the document store", () => {
  it("gives every revision back bit for bit, whichever process asks", async () => {
    const first = new DocumentStore(sessionDir);
    const { documentId } = await withHistory(first);
    const second = new DocumentStore(sessionDir);
    for (const revision of [2, 0, 1]) {
      const mine = await first.raster(documentId, revision);
      const theirs = await second.raster(documentId, revision);
      expect(rastersEqual(mine, theirs)).toBe(true);
    }
    expect(rastersEqual(await second.raster(documentId, 0), picture(1))).toBe(true);
    expect(await second.info(documentId)).toEqual(await first.info(documentId));
  });

  it("tells the size of the shown state and whether it was saved", async () => {
    const store = new DocumentStore(sessionDir);
    const { documentId, info } = await withHistory(store);
    expect([info.width, info.height, info.revision, info.isDirty]).toEqual([10, 6, 2, true]);
    const back = await store.undo(documentId);
    expect([back.width, back.canRedo, back.isDirty]).toEqual([5, true, true]);
    expect((await store.goTo(documentId, 0)).isDirty).toBe(false);
    expect((await store.markSaved(documentId, 1)).isDirty).toBe(true);
    expect((await store.redo(documentId)).isDirty).toBe(false);
  });

  it("drops what could have been redone, with its files", async () => {
    const store = new DocumentStore(sessionDir);
    const { documentId } = await withHistory(store);
    await store.goTo(documentId, 0);
    await store.append(documentId, {
      label: "Edit",
      step: step("edit", "a cat"),
      pixels: { kind: "patch", patch: picture(4, 1, 1), x: 4, y: 2 },
    });
    const files = await readdir(join(sessionDir, "documents", documentId));
    expect(files.sort()).toEqual(["document.json", "patch-3.samples", "picture-0.samples"]);
    await expect(store.raster(documentId, 2)).rejects.toMatchObject({ code: "REVISION_UNKNOWN" });
    expect((await store.exportFacts(documentId)).steps.map(({ prompt }) => prompt)).toEqual([
      "a cat",
    ]);
  });

  it("keeps profile and metadata over a restart", async () => {
    const metadata = { icc: Uint8Array.of(1, 2, 3), exif: null, xmp: "<x/>" };
    const { documentId } = await new DocumentStore(sessionDir).create({
      ...opened(picture(1)),
      metadata,
    });
    const facts = await new DocumentStore(sessionDir).exportFacts(documentId);
    expect(facts.metadata).toEqual(metadata);
  });

  it("says what to do about unknown, closed and damaged documents", async () => {
    const store = new DocumentStore(sessionDir);
    await expect(store.info(documentIdSchema.parse("doc-none"))).rejects.toMatchObject({
      code: "DOCUMENT_UNKNOWN",
    });
    const { documentId } = await withHistory(store);
    await writeFile(join(sessionDir, "documents", documentId, "picture-0.samples"), "short");
    await expect(new DocumentStore(sessionDir).raster(documentId, 0)).rejects.toThrow(
      /open the picture again/,
    );
    await writeFile(join(sessionDir, "documents", documentId, "document.json"), "{");
    await expect(new DocumentStore(sessionDir).info(documentId)).rejects.toThrow(/readable/);
    await store.close(documentId);
    await expect(store.info(documentId)).rejects.toMatchObject({ code: "DOCUMENT_UNKNOWN" });
  });
});
