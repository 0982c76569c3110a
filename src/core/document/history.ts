import { AppError } from "../errors.js";

/** What made a revision. */
export type RevisionKind = "open" | "edit" | "upscale" | "generate";

/** One state of a document that a person can return to. */
export interface HistoryEntry {
  /**
   * Names this state for good: counted up from 0 within a document and never used again, not even
   * after a redo tail was cut. So anything cached under (document, revision) stays true. It is *not*
   * an index into the history.
   */
  readonly revision: number;
  /** For people, such as "Edit: red balloon". */
  readonly label: string;
  readonly kind: RevisionKind;
}

/**
 * A document as immutable data: its states and the one that is shown. `Entry` may carry more, such
 * as the file that holds the pixels.
 */
export interface DocumentState<Entry extends HistoryEntry = HistoryEntry> {
  /** Never empty; entry 0 is how the document began. */
  readonly entries: readonly Entry[];
  /** Index into `entries` of the state that is shown. */
  readonly cursor: number;
  /** The revision that the next new state gets. */
  readonly nextRevision: number;
  /** The revision that lies in a file, or null if none does. */
  readonly savedRevision: number | null;
}

/** A new state's data, before it has its revision. */
export type NewEntry<Entry extends HistoryEntry> = Omit<Entry, "revision">;

/** A document with one state; `isSaved` is true for an opened file, false for a generated picture. */
export function createDocument<Entry extends HistoryEntry>(
  _first: NewEntry<Entry>,
  _isSaved: boolean,
): DocumentState<Entry> {
  throw new AppError("INTERNAL", "not written yet");
}

/** The state that is shown. */
export function currentEntry<Entry extends HistoryEntry>(_state: DocumentState<Entry>): Entry {
  throw new AppError("INTERNAL", "not written yet");
}

/** Adds a state after the shown one and shows it; states that could have been redone are dropped. */
export function appendEntry<Entry extends HistoryEntry>(
  _state: DocumentState<Entry>,
  _entry: NewEntry<Entry>,
): DocumentState<Entry> {
  throw new AppError("INTERNAL", "not written yet");
}

/** The entries that {@link appendEntry} would drop; their files can go. */
export function redoTail<Entry extends HistoryEntry>(
  _state: DocumentState<Entry>,
): readonly Entry[] {
  throw new AppError("INTERNAL", "not written yet");
}

export function canUndo(_state: DocumentState): boolean {
  throw new AppError("INTERNAL", "not written yet");
}

export function canRedo(_state: DocumentState): boolean {
  throw new AppError("INTERNAL", "not written yet");
}

/** Shows the state before; the same document if there is none. */
export function undo<Entry extends HistoryEntry>(
  _state: DocumentState<Entry>,
): DocumentState<Entry> {
  throw new AppError("INTERNAL", "not written yet");
}

/** Shows the state after; the same document if there is none. */
export function redo<Entry extends HistoryEntry>(
  _state: DocumentState<Entry>,
): DocumentState<Entry> {
  throw new AppError("INTERNAL", "not written yet");
}

/** The entry of a revision. @throws AppError REVISION_UNKNOWN */
export function entryOfRevision<Entry extends HistoryEntry>(
  _state: DocumentState<Entry>,
  _revision: number,
): Entry {
  throw new AppError("INTERNAL", "not written yet");
}

/** Shows a revision of the history. @throws AppError REVISION_UNKNOWN */
export function goToRevision<Entry extends HistoryEntry>(
  _state: DocumentState<Entry>,
  _revision: number,
): DocumentState<Entry> {
  throw new AppError("INTERNAL", "not written yet");
}

/** The shown state now lies in a file. */
export function markSaved<Entry extends HistoryEntry>(
  _state: DocumentState<Entry>,
): DocumentState<Entry> {
  throw new AppError("INTERNAL", "not written yet");
}

/** True if the shown state is not the one that lies in a file. */
export function isDirty(_state: DocumentState): boolean {
  throw new AppError("INTERNAL", "not written yet");
}
