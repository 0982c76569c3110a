import type { Chord } from "../chords.js";
import type { Editor } from "../editor.svelte.js";

/** Where a command stands: one menu, and one part of the list of shortcuts. */
export const COMMAND_GROUPS = ["file", "edit", "view", "tools", "mask", "picture", "app"] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/**
 * Everything that a key, a menu, the command palette or a button can ask for.
 *
 * To add one, write one more entry into the file of its area in this folder: its key is its id
 * (stable, since remapped shortcuts are saved by it) and its place in the file is its place in the
 * menu. Nothing else is needed: keyboard, tooltips (`shortcut(id)` of `app/context.ts`), list of
 * shortcuts, palette, the browser's menu button and Electron's menu are made of the table.
 *
 * `isEnabled` and `run` read the editor's state when asked, so a menu is always true to the moment.
 */
export interface Command {
  /** Its name in the language of now, from the catalogue: `() => messages.tools.brush`. */
  readonly text: () => string;
  readonly group: CommandGroup;
  /** Default shortcuts; the first is the one that is shown. A person's own one replaces them all. */
  readonly keys?: readonly Chord[];
  /** Within a menu a line is drawn where this number changes. */
  readonly section?: number;
  /** Works while text is being typed as well. */
  readonly inText?: boolean;
  /** Found by keys and in the list of shortcuts only: no place in menus and palette. */
  readonly keysOnly?: boolean;
  /** Told for something that is on or off, such as the tool in use. */
  readonly isOn?: (editor: Editor) => boolean;
  /** Always possible if missing. */
  readonly isEnabled?: (editor: Editor) => boolean;
  readonly run: (editor: Editor) => void;
  /** When the key goes up again, for what lasts as long as it is held. */
  readonly release?: (editor: Editor) => void;
}

/** A part of the table, of one area. */
export type CommandTable = Readonly<Record<string, Command>>;

/** Common conditions. */
export const hasPicture = (editor: Editor): boolean => editor.document.info !== null;
export const canDraw = (editor: Editor): boolean => hasPicture(editor) && editor.job.isIdle;
