import fc from "fast-check";
import { expect, it } from "vitest";
import { appendEntry, createDocument, type DocumentState } from "../../core/document/history.js";
import type { RevisionContent, StoredEntry } from "./document-file.js";
import { historyBytes, statesToDrop } from "./history-budget.js";

const raster = (side: number): RevisionContent => ({
  type: "raster",
  file: "raster-1.bin",
  width: side,
  height: side,
  channels: 3,
  depth: 8,
});
const patch = (side: number): RevisionContent => ({
  type: "patch",
  file: "patch-1.bin",
  rect: { x: 0, y: 0, width: side, height: side },
});
const entry = (content: RevisionContent) =>
  ({ label: "", kind: "edit", content, recipe: null }) as const;

function history(contents: readonly RevisionContent[]): DocumentState<StoredEntry> {
  const first = createDocument<StoredEntry>(entry(raster(100)), true);
  return contents.reduce(
    (state, content) => appendEntry<StoredEntry>(state, entry(content)),
    first,
  );
}

it("does not count the picture that is shown, only what is kept beside it", () => {
  expect(historyBytes(history([]), 0)).toBe(0);
  expect(historyBytes(history([patch(10), patch(20)]), 0)).toBe(300 + 1_200);
  // After an upscale the small picture is history, and the edit before it too.
  expect(historyBytes(history([patch(10), raster(200)]), 0)).toBe(30_000 + 300);
});

it("keeps everything that fits, and drops no more than it must", () => {
  const state = history([patch(10), patch(10), patch(10)]);
  expect(statesToDrop(state, 900)).toBe(0);
  expect(statesToDrop(state, 800)).toBe(1);
  expect(statesToDrop(state, 0)).toBe(3);
});

it("drops never the shown state, and what is left fits unless nothing else is left", () => {
  const content = fc.oneof(
    fc.integer({ min: 1, max: 100 }).map(patch),
    fc.integer({ min: 100, max: 300 }).map(raster),
  );
  fc.assert(
    fc.property(fc.array(content, { maxLength: 12 }), fc.nat(2_000_000), (contents, budget) => {
      const state = history(contents);
      const dropped = statesToDrop(state, budget);
      expect(dropped).toBeLessThanOrEqual(state.cursor);
      if (dropped < state.cursor) expect(historyBytes(state, dropped)).toBeLessThanOrEqual(budget);
    }),
  );
});
