import { messages } from "../../text/messages.js";
import type { Editor } from "../editor.svelte.js";
import type { CommandTable } from "./command.js";

const hasScene = (editor: Editor) => editor.scene !== null;

/** How the picture is looked at. */
export const viewCommands = {
  zoomIn: {
    text: () => messages.topBar.zoomIn,
    group: "view",
    keys: ["Equal", "Shift+Equal", "Ctrl+Equal", "Ctrl+Shift+Equal"],
    isEnabled: hasScene,
    run: (editor) => editor.viewport.zoomStep("in"),
  },
  zoomOut: {
    text: () => messages.topBar.zoomOut,
    group: "view",
    keys: ["Minus", "Ctrl+Minus"],
    isEnabled: hasScene,
    run: (editor) => editor.viewport.zoomStep("out"),
  },
  zoomFit: {
    text: () => messages.topBar.zoomFit,
    group: "view",
    keys: ["Digit0", "Ctrl+Digit0"],
    isEnabled: hasScene,
    run: (editor) => editor.viewport.fit(),
  },
  zoomActual: {
    text: () => messages.topBar.zoomActual,
    group: "view",
    keys: ["Digit1", "Ctrl+Digit1"],
    isEnabled: hasScene,
    run: (editor) => editor.viewport.actualSize(),
  },
  compareSplit: {
    text: () => messages.topBar.compareSplit,
    group: "view",
    section: 1,
    keys: ["KeyX"],
    isOn: (editor) => editor.compare.isSplit,
    isEnabled: (editor) => (editor.scene?.before ?? null) !== null,
    run: (editor) => editor.compare.toggleSplit(),
  },
} as const satisfies CommandTable;
