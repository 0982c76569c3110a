import { overviewRegion } from "../ladder/rungs.js";
import type { Editor } from "./editor.svelte.js";

// What effects of the screen keep in step; each reads what it depends on.

/** Shows another picture from the start, or the same one in its new size. */
export function syncViewport(editor: Editor): void {
  const { scene } = editor;
  if (scene === null) editor.viewport.hide();
  else if (scene.id !== editor.workspace.sceneId) editor.viewport.show(scene.size);
  else editor.viewport.replace(scene.size);
  editor.workspace.sceneId = scene?.id ?? null;
}

/** The ladder shows the planned region, or the whole picture while nothing is masked. */
export function syncLadder(editor: Editor): void {
  const { shown } = editor.document;
  const { model, region } = editor;
  // While a stroke grows the region changes at every move.
  if (editor.mask.isStroking) return;
  const overview = shown === null || model === null ? null : overviewRegion(shown.size);
  const facts = { hasRegion: region !== null, frame: editor.document.frame };
  editor.ladder.showRegion(shown, model, region?.rect ?? overview, facts);
}

/** What is begun on the shown picture is kept as soon as it rests. */
export function syncDraft(editor: Editor): void {
  const { workspace, mask, document } = editor;
  if (document.info === null) return;
  void workspace.draftFields;
  void mask.version;
  if (!mask.isStroking) editor.drafts.note(workspace);
}
