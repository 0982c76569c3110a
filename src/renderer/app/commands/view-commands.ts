import { messages } from "../../text/messages.js";
import type { Editor } from "../editor.svelte.js";
import type { CommandTable } from "./command.js";

const hasScene = (editor: Editor) => editor.scene !== null;
const hasBefore = (editor: Editor) => (editor.scene?.before ?? null) !== null;

/** Members of a command that switches something around the picture on and off. */
function canvasSwitch(name: "rulers" | "pixelGrid") {
  return {
    group: "view",
    section: 2,
    isOn: (editor: Editor) => editor.preferences.current.canvas[name],
    run: (editor: Editor) => {
      const { canvas } = editor.preferences.current;
      void editor.preferences.update({ canvas: { ...canvas, [name]: !canvas[name] } });
    },
  } as const;
}

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
  zoomDouble: {
    text: () => messages.topBar.zoomDouble,
    group: "view",
    keys: ["Digit2", "Ctrl+Digit2"],
    isEnabled: hasScene,
    run: (editor) => editor.viewport.magnify(2),
  },
  compareHold: {
    text: () => messages.topBar.compareHold,
    group: "view",
    section: 1,
    keys: ["Backslash"],
    isOn: (editor) => editor.compare.isHeld,
    isEnabled: hasBefore,
    run: (editor) => editor.compare.hold(),
    release: (editor) => editor.compare.release(),
    keysOnly: true,
  },
  compareSplit: {
    text: () => messages.topBar.compareSplit,
    group: "view",
    section: 1,
    keys: ["KeyX"],
    isOn: (editor) => editor.compare.isSplit,
    isEnabled: hasBefore,
    run: (editor) => editor.compare.toggleSplit(),
  },
  compareSide: {
    text: () => messages.topBar.compareSide,
    group: "view",
    section: 1,
    keys: ["Shift+KeyX"],
    isOn: (editor) => editor.compare.isSideBySide,
    isEnabled: hasBefore,
    run: (editor) => editor.compare.toggleSideBySide(),
  },
  rulers: {
    ...canvasSwitch("rulers"),
    text: () => messages.canvas.rulers,
    keys: ["Shift+KeyR"],
  },
  pixelGrid: {
    ...canvasSwitch("pixelGrid"),
    text: () => messages.canvas.pixelGrid,
    keys: ["Shift+KeyG"],
  },
} as const satisfies CommandTable;
