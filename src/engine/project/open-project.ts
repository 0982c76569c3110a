import { rectContains, rectOfSize, type Rect } from "../../core/rect.js";
import type { Raster } from "../../core/raster.js";
import { draftSchema, type Draft } from "../../shared/drafts.js";
import { PROJECT_FORMAT } from "../../shared/documents.js";
import { decodeFrame } from "../../shared/framing.js";
import type { PictureMetadata } from "../files/metadata.js";
import { readPicture, type Picture } from "../files/read-picture.js";
import type { DocumentFile } from "../store/document-file.js";
import type { DocumentStore, NewHistory } from "../store/document-store.js";
import { MERGED_PATH } from "./open-raster.js";
import {
  DRAFT_PATH,
  EXIF_PATH,
  ICC_PATH,
  PROJECT_PATH,
  projectSchema,
  statePath,
  XMP_PATH,
  type Project,
} from "./project-file.js";
import { damagedProject, openZip, type ZipReader } from "./zip-file.js";

/** Decoded pixels of all states together: a small file can ask for very many. */
const MAX_DECODED_BYTES = 16 * 1024 ** 3;

export interface ProjectName {
  readonly name: string;
  readonly isTransient?: boolean;
}

/**
 * Opens an OpenRaster file: one of this app with its whole history, as it was saved; one of another
 * program as the picture that all its layers make together.
 * @throws AppError IMAGE_DAMAGED, or as `readPicture`
 */
export async function openProject(
  store: DocumentStore,
  bytes: Uint8Array,
  document: ProjectName,
): Promise<DocumentFile> {
  const { name } = document;
  const zip = await openZip(bytes, name);
  if (!zip.has(PROJECT_PATH)) {
    const picture = await readPicture(await zip.read(MERGED_PATH), name);
    return store.add({ ...document, ...picture, kind: "open", label: "Open", recipe: null });
  }
  const project = await readProject(zip, name);
  return store.addHistory({
    ...document,
    format: PROJECT_FORMAT,
    metadata: await readMetadata(zip),
    states: statesOf(project, zip, name),
    cursor: project.cursor,
    draft: await readDraft(zip),
    ...(project.forgotten === undefined ? {} : { forgotten: project.forgotten }),
    ...(project.forgottenStates === undefined ? {} : { forgottenStates: project.forgottenStates }),
  });
}

async function readProject(zip: ZipReader, name: string): Promise<Project> {
  const text = Buffer.from(await zip.read(PROJECT_PATH)).toString("utf8");
  try {
    return projectSchema.parse(JSON.parse(text));
  } catch (error) {
    throw damagedProject(name, "its history was written by another version of the app", error);
  }
}

function statesOf(project: Project, zip: ZipReader, name: string): NewHistory["states"] {
  let whole: Raster | null = null;
  let decodedBytes = 0;
  return project.states.map(({ rect, ...facts }, index) => ({
    ...facts,
    read: async () => {
      const path = statePath(index);
      const { raster } = await readState(zip, path, name);
      decodedBytes += raster.data.byteLength;
      if (decodedBytes > MAX_DECODED_BYTES) {
        throw damagedProject(name, `its history has more than ${MAX_DECODED_BYTES} bytes`);
      }
      if (rect === null) {
        whole = raster;
        return { raster };
      }
      if (whole === null || !fits(raster, rect, whole)) {
        throw damagedProject(name, `${path} does not fit the picture it belongs to`);
      }
      return { patch: raster, rect };
    },
  }));
}

async function readState(zip: ZipReader, path: string, name: string): Promise<Picture> {
  const picture = await readPicture(await zip.read(path), `${path} in ${name}`);
  if (picture.format === "png") return picture;
  throw damagedProject(name, `${path} is no PNG`);
}

function fits(patch: Raster, rect: Rect, whole: Raster): boolean {
  return (
    patch.width === rect.width &&
    patch.height === rect.height &&
    patch.channels === whole.channels &&
    patch.depth === whole.depth &&
    rectContains(rectOfSize(whole.width, whole.height), rect)
  );
}

async function readMetadata(zip: ZipReader): Promise<PictureMetadata> {
  const read = async (path: string) => (zip.has(path) ? zip.read(path) : null);
  const xmp = await read(XMP_PATH);
  return {
    icc: await read(ICC_PATH),
    exif: await read(EXIF_PATH),
    xmp: xmp && Buffer.from(xmp).toString("utf8"),
  };
}

/** What was begun; a part that cannot be read costs only itself. */
async function readDraft(zip: ZipReader): Promise<Draft | null> {
  if (!zip.has(DRAFT_PATH)) return null;
  try {
    return draftSchema.parse(decodeFrame(await zip.read(DRAFT_PATH)));
  } catch {
    return null;
  }
}
