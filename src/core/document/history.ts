import { AppError } from "../errors.js";

/** What made a revision. */
export type RevisionKind = "open" | "edit" | "upscale" | "generate" | "extend" | "transform";

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
  first: NewEntry<Entry>,
  isSaved: boolean,
): DocumentState<Entry> {
  return {
    entries: [withRevision<Entry>(first, 0)],
    cursor: 0,
    nextRevision: 1,
    savedRevision: isSaved ? 0 : null,
  };
}

/** The state that is shown. */
export function currentEntry<Entry extends HistoryEntry>(state: DocumentState<Entry>): Entry {
  const entry = state.entries[state.cursor];
  if (entry) return entry;
  throw new AppError(
    "INTERNAL",
    `Expected the cursor to lie within ${state.entries.length} states but got ${state.cursor}.`,
  );
}

/** Adds a state after the shown one and shows it; states that could have been redone are dropped. */
export function appendEntry<Entry extends HistoryEntry>(
  state: DocumentState<Entry>,
  entry: NewEntry<Entry>,
): DocumentState<Entry> {
  const kept = state.entries.slice(0, state.cursor + 1);
  const { savedRevision } = state;
  return {
    entries: [...kept, withRevision<Entry>(entry, state.nextRevision)],
    cursor: kept.length,
    nextRevision: state.nextRevision + 1,
    savedRevision: kept.some(({ revision }) => revision === savedRevision) ? savedRevision : null,
  };
}

/** The entries that {@link appendEntry} would drop; their files can go. */
export function redoTail<Entry extends HistoryEntry>(
  state: DocumentState<Entry>,
): readonly Entry[] {
  return state.entries.slice(state.cursor + 1);
}

/** True if there is a state before the shown one. */
export function canUndo(state: DocumentState): boolean {
  return state.cursor > 0;
}

/** True if there is a state after the shown one. */
export function canRedo(state: DocumentState): boolean {
  return state.cursor < state.entries.length - 1;
}

/** Shows the state before; the same document if there is none. */
export function undo<Entry extends HistoryEntry>(
  state: DocumentState<Entry>,
): DocumentState<Entry> {
  return canUndo(state) ? { ...state, cursor: state.cursor - 1 } : state;
}

/** Shows the state after; the same document if there is none. */
export function redo<Entry extends HistoryEntry>(
  state: DocumentState<Entry>,
): DocumentState<Entry> {
  return canRedo(state) ? { ...state, cursor: state.cursor + 1 } : state;
}

/** The entry of a revision. @throws AppError REVISION_UNKNOWN */
export function entryOfRevision<Entry extends HistoryEntry>(
  state: DocumentState<Entry>,
  revision: number,
): Entry {
  const entry = state.entries.find((candidate) => candidate.revision === revision);
  if (entry) return entry;
  const known = state.entries.map((candidate) => candidate.revision).join(", ");
  throw new AppError(
    "REVISION_UNKNOWN",
    `Expected one of the revisions ${known} but got ${revision}; read the document's history again.`,
    { revision },
  );
}

/** Shows a revision of the history. @throws AppError REVISION_UNKNOWN */
export function goToRevision<Entry extends HistoryEntry>(
  state: DocumentState<Entry>,
  revision: number,
): DocumentState<Entry> {
  return { ...state, cursor: state.entries.indexOf(entryOfRevision(state, revision)) };
}

/** The shown state now lies in a file. */
export function markSaved<Entry extends HistoryEntry>(
  state: DocumentState<Entry>,
): DocumentState<Entry> {
  return { ...state, savedRevision: currentEntry(state).revision };
}

/** True if the shown state is not the one that lies in a file. */
export function isDirty(state: DocumentState): boolean {
  return currentEntry(state).revision !== state.savedRevision;
}

function withRevision<Entry extends HistoryEntry>(entry: NewEntry<Entry>, revision: number): Entry {
  // Proof: NewEntry<Entry> is Entry without exactly the one property that is added here; the
  // compiler cannot undo an Omit of a type parameter.
  return { ...entry, revision } as unknown as Entry;
}
