import { getContext, setContext } from "svelte";
import type { Editor } from "./editor.svelte.js";
import { shortcutText, type CommandId } from "./shortcuts.js";

const KEY = Symbol("editor");

/** Gives the editor to every component below. */
export function provideEditor(editor: Editor): void {
  setContext(KEY, editor);
}

/** The editor of this screen. */
export function useEditor(): Editor {
  return getContext<Editor>(KEY);
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** A command's shortcut as this system writes it. */
export function shortcut(id: CommandId): string {
  return shortcutText(id, isMac);
}
