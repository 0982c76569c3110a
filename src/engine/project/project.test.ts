import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { zipOf } from "../../../test/support/zip.js";
import { undo } from "../../core/document/history.js";
import { createRaster, rastersEqual, type ChannelCount, type Raster } from "../../core/raster.js";
import type { Draft } from "../../shared/drafts.js";
import { NO_METADATA } from "../files/metadata.js";
import { readPicture } from "../files/read-picture.js";
import { sharp } from "../files/sharp.js";
import { writePicture } from "../files/write-picture.js";
import { describeDocument } from "../store/describe-document.js";
import type { DocumentFile } from "../store/document-file.js";
import { DocumentStore } from "../store/document-store.js";
import { isOpenRaster } from "./open-raster.js";
import { openProject } from "./open-project.js";
import { saveProject } from "./save-project.js";
import { openZip, packFiles, type PackedFile } from "./zip-file.js";

let sessionDir = "";
let store: DocumentStore;
beforeEach(async () => {
  sessionDir = await mkdtemp(join(tmpdir(), "spectral-project-"));
  store = new DocumentStore(sessionDir);
});
afterEach(() => rm(sessionDir, { recursive: true, force: true }));

function picture(
  seed: number,
  [width, height]: readonly [number, number],
  channels: ChannelCount = 3,
  depth: 8 | 16 = 8,
): Raster {
  const raster = createRaster(width, height, channels, depth);
  raster.data.forEach((_, index) => {
    raster.data[index] = (index * 7919 + seed * 104729) % (depth === 8 ? 256 : 65536);
  });
  return raster;
}

const recipe = (prompt: string) => ({
  request: { kind: "edit", prompt, modelId: "m", seed: 1 },
  madeBy: null,
});

const draft: Draft = {
  mode: "edit",
  mask: {
    size: { width: 9, height: 7 },
    packed: { rect: { x: 1, y: 2, width: 2, height: 2 }, runs: Uint8Array.of(255, 4) },
  },
  feather: 8,
  pictureLock: 2,
  regionLock: null,
  settings: {
    prompt: "a lake",
    negativePrompt: "",
    generatePrompt: "",
    extendPrompt: "",
    seed: 5,
    isSeedLocked: true,
    temperature: 1,
    topK: 0,
    topP: 1,
    guidance: 2,
    scaleSampling: [],
    strength: 1,
    variations: 2,
    margins: { left: 0, top: 0, right: 0, bottom: 0 },
    factor: 2,
    targetSize: null,
    isRatioLocked: true,
    speed: "best",
    generateFactor: 2,
    creativity: 0,
  },
};

/** Opened, edited twice and upscaled, with the upscale undone. */
async function worked(channels: ChannelCount = 3, depth: 8 | 16 = 8): Promise<DocumentFile> {
  const { documentId } = await store.add({
    name: "photo.jpg",
    format: "jpeg",
    raster: picture(1, [9, 7], channels, depth),
    metadata: { ...NO_METADATA, xmp: "<x:xmpmeta>who</x:xmpmeta>" },
    kind: "open",
    label: "Open",
    recipe: null,
  });
  for (const [seed, x] of [
    [2, 1],
    [3, 4],
  ] as const) {
    await store.append(documentId, {
      kind: "edit",
      label: `Edit: "<${seed}>" & more`,
      recipe: recipe(`prompt ${seed}`),
      change: {
        patch: picture(seed, [4, 3], channels, depth),
        rect: { x, y: 2, width: 4, height: 3 },
      },
    });
  }
  await store.append(documentId, {
    kind: "upscale",
    label: "Upscale 2x",
    recipe: recipe(""),
    change: { raster: picture(4, [18, 14], channels, depth) },
  });
  await store.keepDraft(documentId, draft);
  return store.update(documentId, (state) => undo(state));
}

async function pixelsOf(file: DocumentFile): Promise<Raster[]> {
  const rasters: Raster[] = [];
  for (const { revision } of file.state.entries) {
    rasters.push(await store.peek(file.documentId, revision));
  }
  return rasters;
}

/** The files of a project, so that one of them can be spoiled. */
async function unpack(bytes: Uint8Array, paths: readonly string[]) {
  const zip = await openZip(bytes, "a.ora");
  return Promise.all(paths.map(async (name) => ({ name, content: await zip.read(name) })));
}

const PARTS = ["mimetype", "mergedimage.png", "spectral/project.json"] as const;
const STATES = [0, 1, 2, 3].map((index) => `data/state-${index}.png`);

describe("a project file", () => {
  it.each([
    [1, 8],
    [2, 16],
    [3, 16],
    [4, 8],
  ] as const)(
    "gives back every state bit for bit with %i channels of %i bits, undone ones included",
    async (channels, depth) => {
      const before = await worked(channels, depth);
      const bytes = await saveProject(store, before, "all");
      expect(isOpenRaster(bytes)).toBe(true);
      const after = await openProject(store, bytes, { name: "photo.ora" });
      const [old, fresh] = [await pixelsOf(before), await pixelsOf(after)];
      expect(fresh.map((raster, index) => rastersEqual(raster, old[index]!))).toEqual([
        true,
        true,
        true,
        true,
      ]);
      expect(after.state.entries.map(({ label, recipe }) => [label, recipe])).toEqual(
        before.state.entries.map(({ label, recipe }) => [label, recipe]),
      );
      expect(describeDocument(after)).toMatchObject({
        name: "photo.ora",
        format: "ora",
        canUndo: true,
        canRedo: true,
        isDirty: false,
      });
    },
  );

  it("keeps what was begun, and the metadata of the photo as far as it was asked for", async () => {
    const before = await worked();
    for (const [choice, xmp] of [
      ["all", "<x:xmpmeta>who</x:xmpmeta>"],
      ["none", null],
    ] as const) {
      const bytes = await saveProject(store, before, choice);
      const after = await openProject(store, bytes, { name: "a.ora" });
      expect(await store.readDraft(after.documentId)).toEqual(draft);
      expect((await store.metadata(after)).xmp).toBe(xmp);
    }
  });

  it("goes on where it was: a further edit gets a name that was never used", async () => {
    const after = await openProject(store, await saveProject(store, await worked(), "all"), {
      name: "a.ora",
    });
    const { state } = await store.append(after.documentId, {
      kind: "edit",
      label: "Edit",
      recipe: recipe(""),
      change: { patch: picture(9, [2, 2]), rect: { x: 0, y: 0, width: 2, height: 2 } },
    });
    expect(state.entries.map(({ revision }) => revision)).toEqual([0, 1, 2, 4]);
  });
});

describe("for other programs", () => {
  it("it is OpenRaster: the photo, a layer an edit, and what they make together", async () => {
    const document = await worked();
    const bytes = await saveProject(store, document, "all");
    // The media type lies first and uncompressed, where programs look for it.
    expect(Buffer.from(bytes.subarray(30, 54)).toString("latin1")).toBe("mimetypeimage/openraster");
    const zip = await openZip(bytes, "a.ora");
    const xml = Buffer.from(await zip.read("stack.xml")).toString("utf8");
    const layers = [...xml.matchAll(/<layer name="([^"]*)" src="([^"]*)" x="(\d+)" y="(\d+)"/g)];
    expect(layers.map(([, name, , x, y]) => [name, Number(x), Number(y)])).toEqual([
      ["Edit: &quot;&lt;3>&quot; &amp; more", 4, 2],
      ["Edit: &quot;&lt;2>&quot; &amp; more", 1, 2],
      ["Open", 0, 0],
    ]);
    const composed = await layers
      .toReversed()
      .reduce<Promise<Buffer | null>>(async (below, [, , src, x, y]) => {
        const layer = await zip.read(src!);
        const under = await below;
        if (under === null) return Buffer.from(layer);
        const place = { input: Buffer.from(layer), left: Number(x), top: Number(y) };
        return sharp(under).composite([place]).removeAlpha().png().toBuffer();
      }, Promise.resolve(null));
    const merged = await readPicture(await zip.read("mergedimage.png"), "merged");
    const shown = await store.raster(document.documentId, 2);
    expect(rastersEqual(merged.raster, shown)).toBe(true);
    expect(rastersEqual((await readPicture(composed!, "composed")).raster, shown)).toBe(true);
    const thumbnail = await readPicture(await zip.read("Thumbnails/thumbnail.png"), "thumbnail");
    expect(Math.max(thumbnail.raster.width, thumbnail.raster.height)).toBeLessThanOrEqual(256);
  });

  it("see-through pictures are shown by the merged layer alone", async () => {
    const bytes = await saveProject(store, await worked(4), "all");
    const xml = Buffer.from(await (await openZip(bytes, "a.ora")).read("stack.xml")).toString();
    const visible = [...xml.matchAll(/src="([^"]*)"[^>]*visibility="visible"/g)];
    expect(visible.map(([, src]) => src)).toEqual(["mergedimage.png"]);
  });

  it("opens their files as the picture that all layers make", async () => {
    const raster = picture(5, [6, 5]);
    const options = { format: "png", quality: 100, metadata: NO_METADATA, recipe: null } as const;
    const png = await writePicture(raster, options);
    const files = async function* (): AsyncGenerator<PackedFile> {
      yield { path: "mimetype", bytes: Buffer.from("image/openraster") };
      yield { path: "mergedimage.png", bytes: png };
    };
    const file = await openProject(store, await packFiles(files()), { name: "krita.ora" });
    expect(describeDocument(file)).toMatchObject({ name: "krita.ora", format: "png", width: 6 });
    expect(rastersEqual(await store.raster(file.documentId, 0), raster)).toBe(true);
  });
});

describe("a damaged project", () => {
  it("is refused with a reason, and leaves nothing behind", async () => {
    const whole = await saveProject(store, await worked(), "all");
    const files = await unpack(whole, [...PARTS, ...STATES]);
    const change = (name: string, content: Uint8Array) =>
      zipOf(files.map((file) => (file.name === name ? { ...file, content } : file)));
    const other = files.find(({ name }) => name === STATES[3])!.content;
    const bad: readonly Uint8Array[] = [
      whole.subarray(0, whole.byteLength - 100),
      zipOf(files.filter(({ name }) => name !== STATES[1])),
      change("spectral/project.json", Buffer.from("{}")),
      change(STATES[1]!, other),
      change(STATES[2]!, Buffer.from("no picture")),
      zipOf([{ name: "mimetype", content: Buffer.from("image/openraster") }]),
      zipOf([...files, { name: "../evil.png", content: Uint8Array.of(1) }]),
    ];
    const folder = join(sessionDir, "documents");
    const count = (await readdir(folder)).length;
    for (const bytes of bad) {
      await expect(openProject(store, bytes, { name: "a.ora" })).rejects.toMatchObject({
        name: "AppError",
        message: expect.stringMatching(/a\.ora/) as string,
      });
    }
    expect((await readdir(folder)).length).toBe(count);
    // And the test can fail: the same files unspoilt are a project.
    await expect(openProject(store, zipOf(files), { name: "a.ora" })).resolves.toBeTruthy();
  });
});
