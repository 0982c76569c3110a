import { getContext, setContext } from "svelte";
import type { Editor } from "./editor.svelte.js";
import type { CommandId } from "./commands/table.js";
import { keymap } from "./keymap.svelte.js";

const KEY = Symbol("editor");

/** Gives the editor to every component below. */
export function provideEditor(editor: Editor): void {
  setContext(KEY, editor);
}

/** The editor of this screen. */
export function useEditor(): Editor {
  return getContext<Editor>(KEY);
}

/** A command's shortcut as this system writes it, for tooltips and menus; empty for none. */
export function shortcut(id: CommandId): string {
  return keymap.text(id);
}
