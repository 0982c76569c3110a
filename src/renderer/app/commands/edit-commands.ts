import { messages } from "../../text/messages.js";
import { hasPicture, type CommandTable } from "./command.js";

/** What was done, and doing it again. */
export const editCommands = {
  undo: {
    text: () => messages.topBar.undo,
    group: "edit",
    keys: ["Ctrl+KeyZ"],
    isEnabled: (editor) => editor.canUndo,
    run: (editor) => void editor.undo(),
  },
  redo: {
    text: () => messages.topBar.redo,
    group: "edit",
    keys: ["Ctrl+Shift+KeyZ", "Ctrl+KeyY"],
    isEnabled: (editor) => editor.canRedo,
    run: (editor) => void editor.redo(),
  },
  copyPicture: {
    text: () => messages.clipboard.copyPicture,
    group: "edit",
    section: 1,
    isEnabled: hasPicture,
    run: (editor) => void editor.copyPicture("picture"),
  },
  copySelection: {
    text: () => messages.clipboard.copySelection,
    group: "edit",
    section: 1,
    isEnabled: (editor) => hasPicture(editor) && !editor.mask.isEmpty,
    run: (editor) => void editor.copyPicture("selection"),
  },
} as const satisfies CommandTable;
