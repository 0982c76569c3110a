import { messages } from "../../text/messages.js";
import type { CommandTable } from "./command.js";

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
} as const satisfies CommandTable;
