import { hasAlphaChannel, type Raster } from "../../core/raster.js";
import { encodeFrame } from "../../shared/framing.js";
import { NO_METADATA, type PictureMetadata } from "../files/metadata.js";
import { metadataFor, type MetadataChoice } from "../files/private-metadata.js";
import { rawImageOf } from "../files/raw-image.js";
import { writePicture } from "../files/write-picture.js";
import type { DocumentFile, StoredEntry } from "../store/document-file.js";
import type { DocumentStore } from "../store/document-store.js";
import {
  MERGED_PATH,
  OPEN_RASTER_TYPE,
  STACK_PATH,
  stackXml,
  THUMBNAIL_PATH,
  THUMBNAIL_SIDE_PX,
  type Layer,
} from "./open-raster.js";
import {
  DRAFT_PATH,
  EXIF_PATH,
  ICC_PATH,
  PROJECT_PATH,
  statePath,
  XMP_PATH,
  type Project,
} from "./project-file.js";
import { packFiles, type PackedFile } from "./zip-file.js";

/**
 * A document as a project file: OpenRaster with the photo and one layer an edit for other programs,
 * and its history with every request, what was undone, and what was begun for this one.
 */
export async function saveProject(
  store: DocumentStore,
  document: DocumentFile,
  choice: MetadataChoice,
): Promise<Uint8Array> {
  const metadata = metadataFor(await store.metadata(document), choice);
  return packFiles(filesOf(store, document, metadata));
}

async function* filesOf(
  store: DocumentStore,
  document: DocumentFile,
  metadata: PictureMetadata,
): AsyncGenerator<PackedFile> {
  const { documentId, state } = document;
  const shown = state.entries[state.cursor];
  if (shown === undefined) throw new RangeError("a cursor lies within its history");
  const merged = await store.raster(documentId, shown.revision);
  yield textFile("mimetype", OPEN_RASTER_TYPE);
  yield textFile(STACK_PATH, stackXml(merged, layersOf(document, merged)));
  yield { path: MERGED_PATH, bytes: await pngOf(merged, metadata) };
  yield { path: THUMBNAIL_PATH, bytes: await thumbnailOf(merged) };
  // A layer's PNG needs the profile as well, else other programs would mix colours.
  const layerMetadata = { ...NO_METADATA, icc: metadata.icc };
  for (const [index, entry] of state.entries.entries()) {
    const bytes = await pngOf(await store.stored(document, entry), layerMetadata);
    yield { path: statePath(index), bytes };
  }
  yield textFile(PROJECT_PATH, JSON.stringify(projectOf(document)));
  const { icc, exif, xmp } = metadata;
  if (icc !== null) yield { path: ICC_PATH, bytes: icc };
  if (exif !== null) yield { path: EXIF_PATH, bytes: exif };
  if (xmp !== null) yield textFile(XMP_PATH, xmp);
  const draft = await store.readDraft(documentId);
  if (draft !== null) yield { path: DRAFT_PATH, bytes: encodeFrame(draft) };
}

function projectOf({ state, forgotten, forgottenStates }: DocumentFile): Project {
  return {
    format: "spectral-project",
    version: 1,
    states: state.entries.map(({ content, ...facts }) => ({
      ...facts,
      rect: content.type === "patch" ? content.rect : null,
    })),
    cursor: state.cursor,
    ...(forgottenStates === undefined ? {} : { forgottenStates }),
    ...(forgotten === undefined ? {} : { forgotten }),
  };
}

/** From the last whole picture up to the state that is shown: what lies over it has its size. */
function layersOf({ state }: DocumentFile, merged: Raster): Layer[] {
  const entries = state.entries.slice(0, state.cursor + 1);
  const base = entries.findLastIndex(({ content }) => content.type === "raster");
  // An edit replaces pixels. Where both are see-through a layer would show what lies below it, so
  // there the merged picture is what is seen, and its parts are there to be taken up by hand.
  const isSeeThrough = hasAlphaChannel(merged.channels) && base < state.cursor;
  const parts = entries.slice(base).map((entry, index) => ({
    name: entry.label,
    path: statePath(base + index),
    ...placeOf(entry),
    isVisible: !isSeeThrough,
  }));
  if (!isSeeThrough) return parts;
  const name = entries.at(-1)?.label ?? "";
  return [...parts, { name, path: MERGED_PATH, x: 0, y: 0, isVisible: true }];
}

function placeOf({ content }: StoredEntry): { x: number; y: number } {
  return content.type === "patch" ? { x: content.rect.x, y: content.rect.y } : { x: 0, y: 0 };
}

function pngOf(raster: Raster, metadata: PictureMetadata): Promise<Uint8Array> {
  return writePicture(raster, { format: "png", quality: 100, metadata, recipe: null });
}

async function thumbnailOf(raster: Raster): Promise<Uint8Array> {
  const side = THUMBNAIL_SIDE_PX;
  return rawImageOf(raster)
    .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb")
    .png()
    .toBuffer();
}

function textFile(path: string, text: string): PackedFile {
  return { path, bytes: Buffer.from(text, "utf8") };
}
