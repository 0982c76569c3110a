import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  appendEntry,
  canRedo,
  canUndo,
  createDocument,
  currentEntry,
  entryOfRevision,
  goToRevision,
  isDirty,
  redo,
  redoTail,
  undo,
  type DocumentState,
  type NewEntry,
} from "../../core/document/history.js";
import { AppError } from "../../core/errors.js";
import { hasAlphaChannel, pasteRaster, type Raster } from "../../core/raster.js";
import type { DocumentInfo } from "../../shared/documents.js";
import { documentIdSchema, type DocumentId } from "../../shared/ids.js";
import type { PictureMetadata } from "../files/metadata.js";
import { writeFileAtomically } from "../process/atomic-write.js";
import type { RecipeStep } from "../files/recipe.js";
import {
  parseRecord,
  serialiseRecord,
  type DocumentRecord,
  type StoredEntry,
} from "./document-record.js";
import { RasterCache } from "./raster-cache.js";
import { readSamples, writeSamples } from "./sample-files.js";

/** What a new document is made of. */
export interface NewDocument {
  readonly name: string;
  /** Format of the opened file, or `none` for a generated picture. */
  readonly fileFormat: string;
  readonly raster: Raster;
  readonly metadata: PictureMetadata;
  /** What generated it; null for an opened file. */
  readonly step: RecipeStep | null;
}

/** A new state of a document: a patch over the shown one, or a whole new picture. */
export interface NewRevision {
  readonly label: string;
  readonly step: RecipeStep;
  readonly pixels:
    | { readonly kind: "raster"; readonly raster: Raster }
    | {
        readonly kind: "patch";
        readonly patch: Raster;
        readonly x: number;
        readonly y: number;
      };
}

/**
 * Documents of a session, on disk first: pixels are written before the record that names them, and
 * the record is replaced atomically, so a process that dies at any moment leaves whole documents,
 * which the next one reads from the same folder.
 */
export class DocumentStore {
  private readonly records = new Map<DocumentId, DocumentRecord>();
  private readonly rasters = new RasterCache();

  constructor(private readonly sessionDir: string) {}

  async create(document: NewDocument): Promise<DocumentInfo> {
    const documentId = documentIdSchema.parse(`doc-${randomBytes(6).toString("hex")}`);
    await mkdir(this.folderOf(documentId), { recursive: true, mode: 0o700 });
    const { name, fileFormat, metadata, raster, step } = document;
    const first: NewEntry<StoredEntry> = {
      label: step === null ? "Open" : labelOf(step),
      kind: step === null ? "open" : step.kind,
      pixels: await this.writeRaster(documentId, 0, raster),
      step,
    };
    const state = createDocument<StoredEntry>(first, step === null);
    const record = { documentId, name, fileFormat, metadata, state };
    await this.save(record);
    this.rasters.put(documentId, 0, raster);
    return this.describe(record);
  }

  async info(documentId: DocumentId): Promise<DocumentInfo> {
    return this.describe(await this.record(documentId));
  }

  /** What survives in an exported file beside the pixels, and what made the shown state. */
  async exportFacts(documentId: DocumentId): Promise<{
    readonly name: string;
    readonly revision: number;
    readonly metadata: PictureMetadata;
    readonly steps: readonly RecipeStep[];
  }> {
    const { name, metadata, state } = await this.record(documentId);
    const path = state.entries.slice(0, state.cursor + 1);
    const steps = path.flatMap(({ step }) => (step === null ? [] : [step]));
    return { name, metadata, steps, revision: currentEntry(state).revision };
  }

  /** The picture of a revision, by default of the shown one. @throws AppError REVISION_UNKNOWN */
  async raster(documentId: DocumentId, revision?: number): Promise<Raster> {
    const { state } = await this.record(documentId);
    const wanted = revision ?? currentEntry(state).revision;
    const target = state.entries.indexOf(entryOfRevision(state, wanted));
    const cached = this.rasters.get(documentId, wanted);
    if (cached) return cached;
    let from = target;
    while (from > 0 && !this.isStart(documentId, state, from)) from--;
    const start = state.entries[from];
    if (!start) throw noPixels(documentId);
    let raster =
      this.rasters.get(documentId, start.revision) ?? (await this.readRaster(documentId, start));
    for (const entry of state.entries.slice(from + 1, target + 1)) {
      raster = await this.applyPatch(documentId, raster, entry);
    }
    this.rasters.put(documentId, wanted, raster);
    return raster;
  }

  /** Adds a state after the shown one; what could have been redone is dropped, with its files. */
  async append(documentId: DocumentId, revision: NewRevision): Promise<DocumentInfo> {
    const record = await this.record(documentId);
    const before = await this.raster(documentId);
    const { pixels, step, label } = revision;
    const number = record.state.nextRevision;
    const stored =
      pixels.kind === "raster"
        ? await this.writeRaster(documentId, number, pixels.raster)
        : await this.writePatch(documentId, number, pixels);
    const dropped = redoTail(record.state);
    const entry: NewEntry<StoredEntry> = { label, kind: step.kind, pixels: stored, step };
    const next = { ...record, state: appendEntry(record.state, entry) };
    await this.save(next);
    const after =
      pixels.kind === "raster"
        ? pixels.raster
        : pasteRaster(before, pixels.patch, pixels.x, pixels.y);
    this.rasters.put(documentId, number, after);
    const files = dropped.map(({ pixels: { file } }) => join(this.folderOf(documentId), file));
    await Promise.all(files.map((file) => rm(file, { force: true })));
    return this.describe(next);
  }

  async undo(documentId: DocumentId): Promise<DocumentInfo> {
    return this.change(documentId, undo);
  }

  async redo(documentId: DocumentId): Promise<DocumentInfo> {
    return this.change(documentId, redo);
  }

  async goTo(documentId: DocumentId, revision: number): Promise<DocumentInfo> {
    return this.change(documentId, (state) => goToRevision(state, revision));
  }

  /** Tells that a revision lies in a file now. @throws AppError REVISION_UNKNOWN */
  async markSaved(documentId: DocumentId, revision: number): Promise<DocumentInfo> {
    return this.change(documentId, (state) => ({
      ...state,
      savedRevision: entryOfRevision(state, revision).revision,
    }));
  }

  /** Forgets a document and removes its files. */
  async close(documentId: DocumentId): Promise<void> {
    await this.record(documentId);
    this.records.delete(documentId);
    this.rasters.drop(documentId);
    await rm(this.folderOf(documentId), { recursive: true, force: true });
  }

  private async change(
    documentId: DocumentId,
    step: (state: DocumentState<StoredEntry>) => DocumentState<StoredEntry>,
  ): Promise<DocumentInfo> {
    const record = await this.record(documentId);
    const next = { ...record, state: step(record.state) };
    await this.save(next);
    return this.describe(next);
  }

  private async record(documentId: DocumentId): Promise<DocumentRecord> {
    const known = this.records.get(documentId);
    if (known) return known;
    const path = this.recordPath(documentId);
    const text = await readFile(path, "utf8").catch(() => null);
    if (text === null) {
      throw new AppError(
        "DOCUMENT_UNKNOWN",
        `Expected an open document but ${documentId} is none; open the picture again.`,
        { documentId },
      );
    }
    const record = parseRecord(text, path);
    this.records.set(documentId, record);
    return record;
  }

  private async save(record: DocumentRecord): Promise<void> {
    const bytes = new TextEncoder().encode(serialiseRecord(record));
    await writeFileAtomically(this.recordPath(record.documentId), bytes);
    this.records.set(record.documentId, record);
  }

  private async describe(record: DocumentRecord): Promise<DocumentInfo> {
    const { documentId, name, fileFormat, metadata, state } = record;
    const { width, height, channels, depth } = shapeOf(documentId, state);
    return {
      documentId,
      name,
      width,
      height,
      channels,
      depth,
      hasAlpha: hasAlphaChannel(channels),
      format: fileFormat,
      hasIccProfile: metadata.icc !== null,
      revision: currentEntry(state).revision,
      canUndo: canUndo(state),
      canRedo: canRedo(state),
      history: state.entries.map(({ revision, label, kind }) => ({ revision, label, kind })),
      isDirty: isDirty(state),
    };
  }

  private async writeRaster(
    documentId: DocumentId,
    revision: number,
    { width, height, channels, depth, data }: Raster,
  ): Promise<StoredEntry["pixels"]> {
    const file = `picture-${revision}.samples`;
    await writeSamples(join(this.folderOf(documentId), file), data);
    return { kind: "raster", file, width, height, channels, depth };
  }

  private async writePatch(
    documentId: DocumentId,
    revision: number,
    { patch, x, y }: { readonly patch: Raster; readonly x: number; readonly y: number },
  ): Promise<StoredEntry["pixels"]> {
    const file = `patch-${revision}.samples`;
    await writeSamples(join(this.folderOf(documentId), file), patch.data);
    return { kind: "patch", file, x, y, width: patch.width, height: patch.height };
  }

  /** True if a replay can begin at an entry: it is a whole picture, or its picture is in memory. */
  private isStart(
    documentId: DocumentId,
    state: DocumentState<StoredEntry>,
    index: number,
  ): boolean {
    const entry = state.entries[index];
    if (!entry) return false;
    return (
      entry.pixels.kind === "raster" || this.rasters.get(documentId, entry.revision) !== undefined
    );
  }

  private async readRaster(documentId: DocumentId, entry: StoredEntry): Promise<Raster> {
    const { pixels } = entry;
    if (pixels.kind !== "raster") throw noPixels(documentId);
    const { file, width, height, channels, depth } = pixels;
    const path = join(this.folderOf(documentId), file);
    const data = await readSamples(path, depth, width * height * channels);
    return { width, height, channels, depth, data };
  }

  private async applyPatch(
    documentId: DocumentId,
    below: Raster,
    { pixels }: StoredEntry,
  ): Promise<Raster> {
    if (pixels.kind !== "patch") throw noPixels(documentId);
    const { file, x, y, width, height } = pixels;
    const { channels, depth } = below;
    const path = join(this.folderOf(documentId), file);
    const data = await readSamples(path, depth, width * height * channels);
    return pasteRaster(below, { width, height, channels, depth, data }, x, y);
  }

  private folderOf(documentId: DocumentId): string {
    // Safe as a file name: the schema of ids allows no separators and no leading dot.
    return join(this.sessionDir, "documents", documentId);
  }

  private recordPath(documentId: DocumentId): string {
    return join(this.folderOf(documentId), "document.json");
  }
}

/** A short line for the history. */
export function labelOf(step: RecipeStep): string {
  const names = { edit: "Edit", upscale: "Upscale", generate: "Generate" } as const;
  const prompt = step.prompt.trim();
  return prompt === "" ? names[step.kind] : `${names[step.kind]}: ${prompt.slice(0, 200)}`;
}

/** Size and kind of the shown state: those of the last whole picture up to it. */
function shapeOf(documentId: DocumentId, state: DocumentState<StoredEntry>) {
  const path = state.entries.slice(0, state.cursor + 1).reverse();
  for (const { pixels } of path) if (pixels.kind === "raster") return pixels;
  throw noPixels(documentId);
}

function noPixels(documentId: DocumentId): AppError {
  return new AppError(
    "INTERNAL",
    `Expected document ${documentId} to begin with a whole picture but it does not; open the picture again.`,
    { documentId },
  );
}
