import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { undo } from "../core/document/history.js";
import { createRaster, cropRaster, rastersEqual } from "../core/raster.js";
import { NO_METADATA } from "./files/metadata.js";
import { describeDocument } from "./store/describe-document.js";
import { DocumentStore } from "./store/document-store.js";
import { transformDocument } from "./transform.js";

let sessionDir = "";
let store: DocumentStore;
beforeEach(async () => {
  sessionDir = await mkdtemp(join(tmpdir(), "spectral-transform-"));
  store = new DocumentStore(sessionDir);
});
afterEach(() => rm(sessionDir, { recursive: true, force: true }));

async function opened() {
  const raster = createRaster(9, 6, 3, 16);
  raster.data.forEach((_, index) => (raster.data[index] = index * 131));
  const facts = { name: "a.png", format: "png", kind: "open", label: "Open" } as const;
  const file = await store.add({ ...facts, raster, metadata: NO_METADATA, recipe: null });
  return { raster, documentId: file.documentId };
}

it("a crop is a state of its own with exactly the pixels of that part, and can be taken back", async () => {
  const { raster, documentId } = await opened();
  const rect = { x: 2, y: 1, width: 5, height: 4 };
  const file = await transformDocument(store, { documentId, transform: { kind: "crop", rect } });
  expect(describeDocument(file)).toMatchObject({ width: 5, height: 4, canUndo: true });
  expect(file.state.entries.at(-1)).toMatchObject({ kind: "transform", label: "Crop" });
  const cropped = await store.raster(documentId, file.state.entries.at(-1)!.revision);
  expect(rastersEqual(cropped, cropRaster(raster, rect))).toBe(true);
  const before = await store.update(documentId, (state) => undo(state));
  expect(describeDocument(before)).toMatchObject({ width: 9, height: 6, canRedo: true });
});

it("a turn exchanges the sides, and four of them lead back to the picture", async () => {
  const { raster, documentId } = await opened();
  const transform = { kind: "turn", turn: "left" } as const;
  let file = await transformDocument(store, { documentId, transform });
  expect(describeDocument(file)).toMatchObject({ width: 6, height: 9 });
  for (let turn = 0; turn < 3; turn++) {
    file = await transformDocument(store, { documentId, transform });
  }
  const last = await store.raster(documentId, file.state.entries.at(-1)!.revision);
  expect(rastersEqual(last, raster)).toBe(true);
});

it("a crop outside of the picture, or of all of it, is refused", async () => {
  const { documentId } = await opened();
  for (const rect of [
    { x: 5, y: 0, width: 5, height: 4 },
    { x: -1, y: 0, width: 5, height: 4 },
    { x: 0, y: 0, width: 9, height: 6 },
  ]) {
    await expect(
      transformDocument(store, { documentId, transform: { kind: "crop", rect } }),
    ).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  }
});
