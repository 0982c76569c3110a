import { messages } from "../../text/messages.js";
import { hasPicture, type CommandTable } from "./command.js";

/** Opening and saving. */
export const fileCommands = {
  open: {
    text: () => messages.topBar.openTip,
    group: "file",
    keys: ["Ctrl+KeyO"],
    inText: true,
    run: (editor) => void editor.files.open(),
  },
  generate: {
    text: () => messages.topBar.generate,
    group: "file",
    keys: ["Ctrl+KeyG"],
    inText: true,
    isEnabled: (editor) => editor.model !== null,
    run: (editor) => editor.openGenerate(),
  },
  save: {
    text: () => messages.topBar.save,
    group: "file",
    section: 1,
    keys: ["Ctrl+KeyS"],
    inText: true,
    isEnabled: hasPicture,
    run: (editor) => editor.files.askToSave(),
  },
  batch: {
    text: () => messages.batch.open,
    group: "file",
    section: 1,
    keys: ["Ctrl+Shift+KeyU"],
    run: (editor) => editor.batches.open(),
  },
  recovery: {
    text: () => messages.recovery.dialogTitle,
    group: "file",
    section: 1,
    isEnabled: (editor) => editor.recovery.list.length > 0,
    run: (editor) => editor.dialogs.open({ kind: "recovery" }),
  },
  closeTab: {
    text: () => messages.tabs.closeThis,
    group: "file",
    section: 2,
    keys: ["Alt+KeyW"],
    isEnabled: hasPicture,
    run: (editor) => editor.files.close(),
  },
  nextTab: {
    text: () => messages.tabs.next,
    group: "file",
    section: 2,
    keys: ["Alt+PageDown"],
    isEnabled: (editor) => editor.tabs.list.length > 1,
    run: (editor) => editor.tabs.step(1),
  },
  previousTab: {
    text: () => messages.tabs.previous,
    group: "file",
    section: 2,
    keys: ["Alt+PageUp"],
    isEnabled: (editor) => editor.tabs.list.length > 1,
    run: (editor) => editor.tabs.step(-1),
  },
} as const satisfies CommandTable;
