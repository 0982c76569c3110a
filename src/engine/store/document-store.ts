import { randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  appendEntry,
  createDocument,
  currentEntry,
  entryOfRevision,
  type DocumentState,
} from "../../core/document/history.js";
import { AppError } from "../../core/errors.js";
import { createRaster, type Raster, type Samples } from "../../core/raster.js";
import type { Rect } from "../../core/rect.js";
import type { Draft } from "../../shared/drafts.js";
import { documentIdSchema, type DocumentId } from "../../shared/ids.js";
import type { PictureMetadata } from "../files/metadata.js";
import { fingerprintOf, type Fingerprint } from "../files/fingerprint.js";
import type { RecipeStep } from "../files/recipe.js";
import { ByteCache } from "./byte-cache.js";
import type { DocumentFile, RevisionContent, StoredEntry } from "./document-file.js";
import { DOCUMENTS_FOLDER, DocumentFolder } from "./document-folder.js";
import { statesToDrop, wholePictureOf } from "./history-budget.js";
import { RowFile, type RasterFile } from "./row-file.js";

const MEGABYTE = 1024 * 1024;
/** What the app's settings begin with, too. */
const DEFAULT_MEMORY_MEGABYTES = 2_048;
/** Share of that for decoded pictures; older revisions are replayed from disk. */
const RASTER_SHARE = 0.375;

type State = DocumentState<StoredEntry>;

/** How a document begins. */
export interface NewDocument {
  readonly name: string;
  readonly format: string;
  readonly raster: Raster;
  readonly metadata: PictureMetadata;
  readonly kind: "open" | "generate";
  readonly label: string;
  readonly recipe: RecipeStep | null;
  /** See `DocumentFile.isTransient`. */
  readonly isTransient?: boolean;
}

/** A state to add: a whole picture, or a part of one that changed. */
export interface NewRevision {
  readonly kind: "edit" | "upscale" | "extend" | "transform";
  readonly label: string;
  readonly recipe: RecipeStep;
  readonly change:
    | { readonly raster: Raster }
    /** Of {@link DocumentStore.createRows}; the file becomes the document's. */
    | { readonly rasterFile: RasterFile }
    | { readonly patch: Raster; readonly rect: Rect };
}

/** A document that begins with a whole history. */
export interface NewHistory extends Pick<DocumentFile, "forgotten" | "forgottenStates"> {
  readonly name: string;
  readonly format: string;
  readonly metadata: PictureMetadata;
  readonly isTransient?: boolean;
  /** Oldest first; pixels are asked for one state after the other. */
  readonly states: readonly (Omit<StoredEntry, "content"> & {
    readonly read: () => Promise<Exclude<NewRevision["change"], { rasterFile: RasterFile }>>;
  })[];
  /** Index of the state that is shown; it counts as saved. */
  readonly cursor: number;
  readonly draft: Draft | null;
}

/**
 * All open documents, on disk in the session folder: a process that dies takes nothing with it, and
 * the next one finds each document by its id.
 */
export class DocumentStore {
  readonly #documents = new Map<DocumentId, Promise<DocumentFile>>();
  readonly #rasters = new ByteCache<Raster>(0);
  #historyBytes = 0;
  /** Ends of the changes under way: changes of one document follow one another. */
  readonly #changes = new Map<DocumentId, Promise<unknown>>();

  constructor(private readonly sessionDir: string) {
    this.setMemory(DEFAULT_MEMORY_MEGABYTES);
  }

  /**
   * Decides how much is remembered: pictures in memory, and for each document as many bytes of
   * history on disk. A document that holds more loses its oldest states with its next change.
   */
  setMemory(megabytes: number): void {
    this.#historyBytes = megabytes * MEGABYTE;
    this.#rasters.resize(this.#historyBytes * RASTER_SHARE);
  }

  /** The documents that are open, oldest first; transient and damaged ones are left out. */
  async list(): Promise<readonly DocumentFile[]> {
    const parent = join(this.sessionDir, DOCUMENTS_FOLDER);
    const names = await readdir(parent).catch(() => []);
    const read = async (name: string) => {
      const documentId = documentIdSchema.safeParse(name);
      if (!documentId.success) return [];
      const { birthtimeMs } = await stat(join(parent, name));
      const file = await this.get(documentId.data);
      return file.isTransient === true ? [] : [{ birthtimeMs, file }];
    };
    const found = await Promise.all(names.map((name) => read(name).catch(() => [])));
    return found
      .flat()
      .sort((a, b) => a.birthtimeMs - b.birthtimeMs)
      .map(({ file }) => file);
  }

  async add(document: NewDocument): Promise<DocumentFile> {
    const documentId = newDocumentId();
    const folder = this.#folder(documentId);
    await folder.create();
    const { name, format, raster, kind, label, recipe } = document;
    const content = await writeRaster(folder, raster);
    const file: DocumentFile = {
      version: 1,
      documentId,
      name,
      format,
      metadata: await folder.writeMetadata(document.metadata),
      state: createDocument<StoredEntry>({ label, kind, content, recipe }, kind === "open"),
      ...(document.isTransient === true ? { isTransient: true } : {}),
    };
    await folder.writeIndex(file);
    this.#documents.set(documentId, Promise.resolve(file));
    this.#remember(documentId, currentEntry<StoredEntry>(file.state).revision, raster);
    return file;
  }

  /** Adds a document with its history; all of it or, if a state cannot be read, nothing. */
  async addHistory(history: NewHistory): Promise<DocumentFile> {
    const documentId = newDocumentId();
    const folder = this.#folder(documentId);
    await folder.create();
    try {
      const entries: StoredEntry[] = [];
      for (const { read, ...facts } of history.states) {
        entries.push({ ...facts, content: await writeChange(folder, await read()) });
      }
      const { name, format, metadata, cursor, draft, forgotten, forgottenStates } = history;
      const file: DocumentFile = {
        version: 1,
        documentId,
        name,
        format,
        metadata: await folder.writeMetadata(metadata),
        state: {
          entries,
          cursor,
          nextRevision: Math.max(...entries.map(({ revision }) => revision)) + 1,
          savedRevision: entries[cursor]?.revision ?? null,
        },
        ...(history.isTransient === true ? { isTransient: true } : {}),
        ...(forgottenStates === undefined ? {} : { forgottenStates }),
        ...(forgotten === undefined ? {} : { forgotten }),
      };
      if (draft !== null) await folder.writeDraft(draft);
      await folder.writeIndex(file);
      this.#documents.set(documentId, Promise.resolve(file));
      return file;
    } catch (error) {
      await folder.remove();
      throw error;
    }
  }

  /** @throws AppError DOCUMENT_UNKNOWN */
  get(documentId: DocumentId): Promise<DocumentFile> {
    const known = this.#documents.get(documentId);
    if (known) return known;
    const loading = this.#load(documentId);
    this.#documents.set(documentId, loading);
    loading.catch(() => this.#documents.delete(documentId));
    return loading;
  }

  /** Forgets a document and removes its files, damaged ones too. @throws AppError DOCUMENT_UNKNOWN */
  async close(documentId: DocumentId): Promise<void> {
    if (!(await this.#folder(documentId).exists())) throw unknownDocument(documentId);
    this.#documents.delete(documentId);
    this.#rasters.deleteWhere((key) => key.startsWith(`${documentId}/`));
    await this.#folder(documentId).remove();
  }

  /** A file for a picture that is too large to hold until it is accepted or removed; see `RowFile`. */
  createRows(format: Omit<RasterFile, "path">, key: string): Promise<RowFile> {
    return RowFile.open(join(this.sessionDir, "rows"), format, key);
  }

  /** Adds a state after the shown one. */
  append(documentId: DocumentId, revision: NewRevision): Promise<DocumentFile> {
    return this.#change(documentId, async (file, folder) => {
      const { change, kind, label, recipe } = revision;
      const content = await writeChange(folder, change);
      const state = appendEntry<StoredEntry>(file.state, { label, kind, content, recipe });
      return this.#withinBudget({ ...file, state }, folder);
    });
  }

  /** Moves within the history, or marks a state as saved: changes that need no pixels. */
  update(documentId: DocumentId, next: (state: State) => State): Promise<DocumentFile> {
    return this.#change(documentId, async (file) => {
      const state = next(file.state);
      return state === file.state ? file : { ...file, state };
    });
  }

  /** The pixels of a revision. @throws AppError DOCUMENT_UNKNOWN, REVISION_UNKNOWN */
  async raster(documentId: DocumentId, revision: number): Promise<Raster> {
    const raster = await this.peek(documentId, revision);
    this.#remember(documentId, revision, raster);
    return raster;
  }

  /** The same for a glance: not remembered, so that it does not push out what is worked with. */
  async peek(documentId: DocumentId, revision: number): Promise<Raster> {
    const file = await this.get(documentId);
    const entry = entryOfRevision<StoredEntry>(file.state, revision);
    return this.#rasters.get(keyOf(documentId, revision)) ?? this.#replay(file, entry);
  }

  /** What a state itself holds: a whole picture, or the part that it changed. */
  async stored({ documentId, state }: DocumentFile, entry: StoredEntry): Promise<Raster> {
    const folder = this.#folder(documentId);
    const { content } = entry;
    if (content.type === "raster") return readRaster(folder, content);
    const { channels, depth } = wholePictureOf(state, state.entries.indexOf(entry));
    const { width, height } = content.rect;
    const bytes = await folder.readBlob(content.file, (width * height * channels * depth) / 8);
    return createRaster(width, height, channels, depth, samplesOf(bytes, depth));
  }

  /** Keeps what was begun on a document. @throws AppError DOCUMENT_UNKNOWN */
  async keepDraft(documentId: DocumentId, draft: Draft): Promise<void> {
    await this.get(documentId);
    try {
      await this.#folder(documentId).writeDraft(draft);
    } catch (error) {
      // Closed meanwhile: nobody will ask for it any more.
      if (await this.#folder(documentId).exists()) throw error;
    }
  }

  async readDraft(documentId: DocumentId): Promise<Draft | null> {
    await this.get(documentId);
    return this.#folder(documentId).readDraft();
  }

  metadata(file: DocumentFile): Promise<PictureMetadata> {
    return this.#folder(file.documentId).readMetadata(file.metadata);
  }

  /** From the last whole picture (or one that is still in memory) through the patches after it. */
  async #replay({ documentId, state }: DocumentFile, entry: StoredEntry): Promise<Raster> {
    const folder = this.#folder(documentId);
    const patches: { rect: Rect; file: string }[] = [];
    let base: Raster | undefined;
    for (let index = state.entries.indexOf(entry); base === undefined; index--) {
      const earlier = state.entries[index];
      if (!earlier) throw new RangeError("a history begins with a whole picture");
      base = this.#rasters.get(keyOf(documentId, earlier.revision));
      if (base) break;
      if (earlier.content.type === "raster") base = await readRaster(folder, earlier.content);
      else patches.unshift(earlier.content);
    }
    const raster = patches.length === 0 ? base : { ...base, data: base.data.slice() };
    for (const { rect, file } of patches) {
      const bytes = (rect.width * rect.height * raster.channels * raster.depth) / 8;
      const samples = samplesOf(await folder.readBlob(file, bytes), raster.depth);
      writePatch(raster, samples, rect);
    }
    return raster;
  }

  async #load(documentId: DocumentId): Promise<DocumentFile> {
    const folder = this.#folder(documentId);
    const file = await folder.readIndex();
    if (file === null || file.documentId !== documentId) throw unknownDocument(documentId);
    await folder.sweep(file);
    return file;
  }

  #change(
    documentId: DocumentId,
    compute: (file: DocumentFile, folder: DocumentFolder) => Promise<DocumentFile>,
  ): Promise<DocumentFile> {
    const before = this.#changes.get(documentId) ?? Promise.resolve();
    const change = before.then(async () => {
      const file = await this.get(documentId);
      const folder = this.#folder(documentId);
      const next = await compute(file, folder);
      if (next === file) return file;
      await folder.writeIndex(next);
      this.#documents.set(documentId, Promise.resolve(next));
      await folder.sweep(next);
      return next;
    });
    this.#changes.set(
      documentId,
      change.catch(() => undefined),
    );
    return change;
  }

  /** The picture that a document's first step worked on; null if that made a new one. */
  async source({ documentId, state, forgotten }: DocumentFile): Promise<Fingerprint | null> {
    if (forgotten) return forgotten.source;
    const [first] = state.entries;
    if (!first || first.recipe !== null) return null;
    return fingerprintOf(await this.raster(documentId, first.revision));
  }

  /** Drops the oldest states if there are too many; the oldest that stays becomes a whole picture. */
  async #withinBudget(file: DocumentFile, folder: DocumentFolder): Promise<DocumentFile> {
    const { state, documentId } = file;
    const dropped = statesToDrop(state, this.#historyBytes);
    const first = state.entries[dropped];
    if (dropped === 0 || first === undefined) return file;
    const content =
      first.content.type === "raster"
        ? first.content
        : await writeRaster(folder, await this.#replay(file, first));
    for (const { revision } of state.entries.slice(0, dropped)) {
      this.#rasters.delete(keyOf(documentId, revision));
    }
    const entries = [{ ...first, content }, ...state.entries.slice(dropped + 1)];
    const isSavedKept = entries.some(({ revision }) => revision === state.savedRevision);
    return {
      ...file,
      forgottenStates: (file.forgottenStates ?? 0) + dropped,
      forgotten: {
        source: await this.source(file),
        steps: [...(file.forgotten?.steps ?? []), ...stepsOf(state.entries.slice(0, dropped))],
      },
      state: {
        ...state,
        entries,
        cursor: state.cursor - dropped,
        savedRevision: isSavedKept ? state.savedRevision : null,
      },
    };
  }

  #remember(documentId: DocumentId, revision: number, raster: Raster): void {
    this.#rasters.set(keyOf(documentId, revision), raster, raster.data.byteLength);
  }

  #folder(documentId: DocumentId): DocumentFolder {
    return new DocumentFolder(join(this.sessionDir, DOCUMENTS_FOLDER, documentId));
  }
}

/** What made the states that were made and not opened, oldest first. */
export function stepsOf(entries: readonly StoredEntry[]): RecipeStep[] {
  return entries.flatMap(({ recipe }) => (recipe ? [recipe] : []));
}

function newDocumentId(): DocumentId {
  return documentIdSchema.parse(`d-${randomBytes(8).toString("hex")}`);
}

function unknownDocument(documentId: DocumentId): AppError {
  return new AppError(
    "DOCUMENT_UNKNOWN",
    `Expected an open document but ${documentId} is not one; open the picture again.`,
    { documentId },
  );
}

function keyOf(documentId: DocumentId, revision: number): string {
  return `${documentId}/${revision}`;
}

async function writeChange(
  folder: DocumentFolder,
  change: NewRevision["change"],
): Promise<RevisionContent> {
  if ("raster" in change) return writeRaster(folder, change.raster);
  if ("rasterFile" in change) {
    const { path, ...format } = change.rasterFile;
    return { type: "raster", file: await folder.adoptBlob("raster", path), ...format };
  }
  const file = await folder.writeBlob("patch", bytesOf(change.patch.data));
  return { type: "patch", file, rect: change.rect };
}

async function writeRaster(folder: DocumentFolder, raster: Raster): Promise<RevisionContent> {
  const { width, height, channels, depth } = raster;
  const file = await folder.writeBlob("raster", bytesOf(raster.data));
  return { type: "raster", file, width, height, channels, depth };
}

async function readRaster(
  folder: DocumentFolder,
  { file, width, height, channels, depth }: Extract<RevisionContent, { type: "raster" }>,
): Promise<Raster> {
  const bytes = await folder.readBlob(file, (width * height * channels * depth) / 8);
  return createRaster(width, height, channels, depth, samplesOf(bytes, depth));
}

function bytesOf({ buffer, byteOffset, byteLength }: Samples): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function samplesOf(bytes: Uint8Array, depth: 8 | 16): Samples {
  // Never a Buffer: its `slice` shares memory, so a patch would change the picture that it was cut from.
  if (depth === 8) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : Uint8Array.from(bytes);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

/** Writes a patch into a raster that nobody else holds yet. */
function writePatch({ data, width, channels }: Raster, patch: Samples, rect: Rect): void {
  const length = rect.width * channels;
  for (let y = 0; y < rect.height; y++) {
    const target = ((rect.y + y) * width + rect.x) * channels;
    data.set(patch.subarray(y * length, (y + 1) * length), target);
  }
}
