import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendEntry,
  canRedo,
  canUndo,
  createDocument,
  currentEntry,
  entryOfRevision,
  goToRevision,
  isDirty,
  markSaved,
  redo,
  redoTail,
  undo,
  type DocumentState,
  type HistoryEntry,
} from "./history.js";

interface Entry extends HistoryEntry {
  readonly file: string;
}

const opened = (): DocumentState<Entry> =>
  createDocument<Entry>({ label: "Open", kind: "open", file: "0" }, true);
const edit = (file: string) => ({ label: `Edit ${file}`, kind: "edit" as const, file });

describe("a document's history", () => {
  it("begins clean when opened and unsaved when generated", () => {
    expect(isDirty(opened())).toBe(false);
    expect(isDirty(createDocument<Entry>({ ...edit("g"), kind: "generate" }, false))).toBe(true);
  });

  it("goes back and forth over its states", () => {
    const two = appendEntry(appendEntry(opened(), edit("a")), edit("b"));
    expect(currentEntry(two).file).toBe("b");
    expect(currentEntry(undo(two)).file).toBe("a");
    expect(currentEntry(redo(undo(undo(two)))).file).toBe("a");
    expect(undo(opened())).toEqual(opened());
    expect(redo(two)).toEqual(two);
    expect([canUndo(two), canRedo(two), canUndo(opened())]).toEqual([true, false, false]);
  });

  it("drops what could have been redone, and never uses its revision again", () => {
    const two = appendEntry(appendEntry(opened(), edit("a")), edit("b"));
    const back = undo(two);
    expect(redoTail(back).map(({ file }) => file)).toEqual(["b"]);
    const branched = appendEntry(back, edit("c"));
    expect(branched.entries.map(({ revision }) => revision)).toEqual([0, 1, 3]);
    expect(() => entryOfRevision(branched, 2)).toThrow(/revisions 0, 1, 3 but got 2/);
  });

  it("shows any revision of the history", () => {
    const two = appendEntry(appendEntry(opened(), edit("a")), edit("b"));
    expect(currentEntry(goToRevision(two, 0)).file).toBe("0");
    expect(canRedo(goToRevision(two, 0))).toBe(true);
  });

  it("is dirty exactly where the shown state is not the saved one", () => {
    const saved = markSaved(appendEntry(opened(), edit("a")));
    expect(isDirty(saved)).toBe(false);
    expect(isDirty(undo(saved))).toBe(true);
    expect(isDirty(redo(undo(saved)))).toBe(false);
    const branched = appendEntry(undo(saved), edit("b"));
    expect(isDirty(branched)).toBe(true);
    expect(branched.savedRevision).toBeNull();
  });

  it("keeps cursor, order and uniqueness whatever is done, without changing old states", () => {
    const step = fc.constantFrom("append", "undo", "redo", "save", "first");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let state = opened();
        for (const [index, name] of steps.entries()) {
          const before = JSON.stringify(state);
          const old = state;
          if (name === "append") state = appendEntry(state, edit(String(index)));
          if (name === "undo") state = undo(state);
          if (name === "redo") state = redo(state);
          if (name === "save") state = markSaved(state);
          if (name === "first") state = goToRevision(state, 0);
          expect(JSON.stringify(old)).toBe(before);
          const revisions = state.entries.map(({ revision }) => revision);
          expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
          expect(Math.max(...revisions)).toBeLessThan(state.nextRevision);
          expect(currentEntry(state)).toBe(state.entries[state.cursor]);
        }
      }),
    );
  });
});
