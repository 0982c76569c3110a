import type { DocumentState } from "../../core/document/history.js";
import type { RevisionContent, StoredEntry } from "./document-file.js";

type State = DocumentState<StoredEntry>;
type RasterContent = Extract<RevisionContent, { type: "raster" }>;

/** Down to this share of the budget at once, so that not every following edit has to trim again. */
const TRIM_TO = 0.8;

/**
 * How many of the oldest states have to go so that a history keeps within its budget.
 *
 * The picture that is shown has to be there anyway and is not counted. Dropping states turns the
 * oldest one that stays into a whole picture. The shown state never goes, nor any after it.
 * @param budgetBytes bytes on disk
 * @returns 0 if the history fits
 */
export function statesToDrop(state: State, budgetBytes: number): number {
  if (historyBytes(state, 0) <= budgetBytes) return 0;
  for (let count = 1; count < state.cursor; count++) {
    if (historyBytes(state, count) <= budgetBytes * TRIM_TO) return count;
  }
  return state.cursor;
}

/** What the history would take beside the shown picture if its first `dropped` states went. */
export function historyBytes(state: State, dropped: number): number {
  const kept = state.entries.slice(dropped);
  const first = pictureBytes(wholePictureOf(state, dropped));
  const rest = kept.slice(1).reduce((sum, { content }, index) => {
    const whole = wholePictureOf(state, dropped + 1 + index);
    return sum + (content.type === "raster" ? pictureBytes(content) : patchBytes(content, whole));
  }, 0);
  return Math.max(0, first + rest - pictureBytes(wholePictureOf(state, state.cursor)));
}

/** Size and kind of the last whole picture at or before a place in the history. */
export function wholePictureOf({ entries }: State, at: number): RasterContent {
  for (let index = at; index >= 0; index--) {
    const content = entries[index]?.content;
    if (content?.type === "raster") return content;
  }
  throw new RangeError("a history begins with a whole picture");
}

function pictureBytes({ width, height, channels, depth }: RasterContent): number {
  return (width * height * channels * depth) / 8;
}

function patchBytes(
  { rect }: Extract<RevisionContent, { type: "patch" }>,
  { channels, depth }: RasterContent,
): number {
  return (rect.width * rect.height * channels * depth) / 8;
}
