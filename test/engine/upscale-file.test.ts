import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rastersEqual } from "../../src/core/raster.js";
import { findBlockMismatch } from "../../src/core/verify.js";
import {
  createEngine,
  readFileBytes,
  readPicture,
  type Engine,
  type UpscaleFileRequest,
} from "../../src/engine/index.js";
import { NO_METADATA } from "../../src/engine/files/metadata.js";
import { writePicture } from "../../src/engine/files/write-picture.js";
import { modelIdSchema } from "../../src/shared/ids.js";
import { debugModelId, debugModelsDir } from "./debug-bundle.js";
import { testPicture } from "./pictures.js";

let folder = "";
let engine: Engine;
let sessionDir = "";
beforeAll(async () => {
  sessionDir = await mkdtemp(join(tmpdir(), "spectral-session-"));
  engine = await createEngine({ modelsDir: debugModelsDir, sessionDir });
});
afterAll(async () => {
  await engine.dispose();
  await rm(sessionDir, { recursive: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectral-upscale-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const job = {
  modelId: modelIdSchema.parse(debugModelId),
  factor: 2 as const,
  creativity: 0,
  prompt: "",
  seed: 1,
  guidance: 1,
};
const xmp =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>';

async function input(...kind: Parameters<typeof testPicture>): Promise<string> {
  const path = join(folder, "small.png");
  const metadata = { ...NO_METADATA, xmp };
  const png = { format: "png" as const, quality: 100, metadata, recipe: null };
  await writeFile(path, await writePicture(testPicture(...kind), png));
  return path;
}

function upscaleFile(
  request: Pick<UpscaleFileRequest, "input" | "output" | "format">,
  signal = new AbortController().signal,
  onProgress: () => void = () => undefined,
) {
  const options = { quality: 100, embedRecipe: true, job };
  return engine.upscaleFile({ ...options, ...request }, { signal, onProgress });
}

async function read(path: string) {
  return readPicture(await readFileBytes(path), path);
}

describe("upscaling a file", () => {
  it.each(
    ([1, 2, 3, 4] as const).flatMap((channels) =>
      ([8, 16] as const).map((depth) => [channels, depth] as const),
    ),
  )("writes %i channels of %i bits exactly, as PNG and TIFF", async (channels, depth) => {
    const small = await input(41, 33, channels, depth);
    for (const format of ["png", "tiff"] as const) {
      const output = join(folder, `big.${format}`);
      const size = await upscaleFile({ input: small, output, format });
      expect(size).toMatchObject({ width: 82, height: 66, blockSide: 2, isLossless: true });
      const { raster, metadata } = await read(output);
      expect(findBlockMismatch(raster, testPicture(41, 33, channels, depth), 2)).toBeNull();
      expect(metadata.xmp).toContain("spectral:recipe");
    }
    expect((await readdir(folder)).sort()).toEqual(["big.png", "big.tiff", "small.png"]);
  });

  it("makes the same pixels and the same record as a document that is upscaled and exported", async () => {
    const small = await input(50, 21, 3, 8);
    const output = join(folder, "big.webp");
    await upscaleFile({ input: small, output, format: "webp" });
    const { documentId } = await engine.api.openDocument({
      name: "small.png",
      bytes: Uint8Array.from(await readFileBytes(small)),
    });
    const finished = new Promise((resolve) => engine.subscribe("job-finished", resolve));
    const { jobId } = await engine.api.startJob({ ...job, kind: "upscale", documentId });
    await finished;
    await engine.api.acceptResult({ jobId });
    const exported = await engine.api.exportDocument({
      documentId,
      format: "webp",
      quality: 100,
      embedRecipe: true,
    });
    const [file, document] = [await read(output), await readPicture(exported.bytes, "exported")];
    expect(rastersEqual(file.raster, document.raster)).toBe(true);
    expect(file.metadata.xmp).toBe(document.metadata.xmp);
  });

  it("leaves nothing behind when it is cancelled, refused or has nowhere to write", async () => {
    // More than one tile, however fast the network turned out to be.
    const small = await input(1200, 900, 3, 8);
    const controller = new AbortController();
    let calls = 0;
    const output = join(folder, "big.png");
    const request = { input: small, output, format: "png" as const };
    const stop = () => {
      if (++calls === 3) controller.abort();
    };
    await expect(upscaleFile(request, controller.signal, stop)).rejects.toThrow();
    const missing = { ...request, output: join(folder, "nowhere", "big.png") };
    await expect(upscaleFile(missing)).rejects.toMatchObject({ code: "TARGET_UNWRITABLE" });
    const none = { ...request, input: join(folder, "none.png") };
    await expect(upscaleFile(none)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    expect((await readdir(folder)).sort()).toEqual(["small.png"]);
  });
});
