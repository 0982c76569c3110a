import { copyPicture } from "../../clipboard/copy-to-clipboard.js";
import { messages } from "../../text/messages.js";
import { hasPicture, type CommandTable } from "./command.js";

/** What was done, and doing it again. */
export const editCommands = {
  undo: {
    text: () => messages.topBar.undo,
    group: "edit",
    keys: ["Ctrl+KeyZ"],
    isEnabled: (editor) => editor.history.canUndo,
    run: (editor) => void editor.history.undo(),
  },
  redo: {
    text: () => messages.topBar.redo,
    group: "edit",
    keys: ["Ctrl+Shift+KeyZ", "Ctrl+KeyY"],
    isEnabled: (editor) => editor.history.canRedo,
    run: (editor) => void editor.history.redo(),
  },
  copyPicture: {
    text: () => messages.clipboard.copyPicture,
    group: "edit",
    section: 1,
    isEnabled: hasPicture,
    run: (editor) => void copyPicture(editor, "picture"),
  },
  copySelection: {
    text: () => messages.clipboard.copySelection,
    group: "edit",
    section: 1,
    isEnabled: (editor) => hasPicture(editor) && !editor.mask.isEmpty,
    run: (editor) => void copyPicture(editor, "selection"),
  },
} as const satisfies CommandTable;
