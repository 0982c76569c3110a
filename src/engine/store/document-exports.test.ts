import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRaster } from "../../core/raster.js";
import { NO_METADATA } from "../files/metadata.js";
import { DocumentExports } from "./document-exports.js";
import { DocumentStore } from "./document-store.js";

let sessionDir = "";
let store: DocumentStore;
beforeEach(async () => {
  sessionDir = await mkdtemp(join(tmpdir(), "spectral-exports-"));
  store = new DocumentStore(sessionDir);
});
afterEach(() => rm(sessionDir, { recursive: true, force: true }));

async function noise() {
  const raster = createRaster(64, 64, 3, 8);
  raster.data.forEach((_, index) => (raster.data[index] = (index * 7919) % 256));
  const { documentId } = await store.add({
    name: "a.png",
    format: "png",
    raster,
    metadata: NO_METADATA,
    kind: "open",
    label: "Open",
    recipe: null,
  });
  return { documentId, format: "jpeg", quality: 80, embedRecipe: false } as const;
}

describe("exports", () => {
  it("have exactly the size that was measured, whatever was measured before", async () => {
    const exports = new DocumentExports(store);
    const request = await noise();
    const sizes = await Promise.all(
      [10, 50, 90].map((quality) => exports.measure({ ...request, quality })),
    );
    expect(sizes[0]!.bytes).toBeLessThan(sizes[2]!.bytes);
    for (const [index, quality] of [10, 50, 90].entries()) {
      const { bytes } = await exports.make({ ...request, quality });
      expect(bytes.byteLength).toBe(sizes[index]!.bytes);
    }
  });

  it("are not made of a measured file once the document shows another state", async () => {
    const exports = new DocumentExports(store);
    const request = await noise();
    const { bytes } = await exports.measure(request);
    await store.append(request.documentId, {
      kind: "upscale",
      label: "Upscale",
      recipe: { request: { kind: "upscale", modelId: "m", seed: 1, prompt: "" }, madeBy: null },
      change: { raster: createRaster(64, 64, 3, 8) },
    });
    const made = await exports.make(request);
    expect([made.revision, made.bytes.byteLength < bytes]).toEqual([1, true]);
  });

  it("fail alike when measured and when made", async () => {
    const exports = new DocumentExports(store);
    const request = await noise();
    await store.close(request.documentId);
    await expect(exports.measure(request)).rejects.toMatchObject({ code: "DOCUMENT_UNKNOWN" });
    await expect(exports.make(request)).rejects.toMatchObject({ code: "DOCUMENT_UNKNOWN" });
  });
});
