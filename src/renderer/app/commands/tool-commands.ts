import { messages } from "../../text/messages.js";
import type { Tool } from "../../mask/tools.js";
import type { Editor } from "../editor.svelte.js";
import { hasPicture, type CommandTable } from "./command.js";

/** Members that every command of a tool has. */
function tool(name: Tool) {
  return {
    text: () => messages.tools[name],
    group: "tools",
    isOn: (editor: Editor) => editor.tool === name,
    isEnabled: hasPicture,
    run: (editor: Editor) => editor.chooseTool(name),
  } as const;
}

/** What a drag on the canvas does. */
export const toolCommands = {
  pan: { ...tool("pan"), keys: ["KeyH"] },
  brush: { ...tool("brush"), keys: ["KeyB"] },
  eraser: { ...tool("eraser"), keys: ["KeyE"] },
  rectangle: { ...tool("rectangle"), keys: ["KeyR"] },
  ellipse: { ...tool("ellipse"), keys: ["KeyO"] },
  lasso: { ...tool("lasso"), keys: ["KeyL"] },
  polygon: { ...tool("polygon"), keys: ["KeyP"] },
  wand: { ...tool("wand"), keys: ["KeyW"] },
  brushSmaller: {
    text: () => messages.about.smaller,
    group: "tools",
    section: 1,
    keys: ["BracketLeft"],
    run: (editor) => editor.tools.stepBrushSize("down"),
  },
  brushLarger: {
    text: () => messages.about.larger,
    group: "tools",
    section: 1,
    keys: ["BracketRight"],
    run: (editor) => editor.tools.stepBrushSize("up"),
  },
  brushSofter: {
    text: () => messages.tools.softer,
    group: "tools",
    section: 1,
    keys: ["Shift+BracketLeft"],
    run: (editor) => editor.tools.stepHardness("down"),
  },
  brushHarder: {
    text: () => messages.tools.harder,
    group: "tools",
    section: 1,
    keys: ["Shift+BracketRight"],
    run: (editor) => editor.tools.stepHardness("up"),
  },
} as const satisfies CommandTable;
