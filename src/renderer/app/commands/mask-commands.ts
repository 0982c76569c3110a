import { messages } from "../../text/messages.js";
import { canDraw, type CommandTable } from "./command.js";

/** What changes the mask as a whole. */
export const maskCommands = {
  invertMask: {
    text: () => messages.tools.invert,
    group: "mask",
    keys: ["Ctrl+KeyI"],
    isEnabled: canDraw,
    run: (editor) => editor.mask.invert(),
  },
  clearMask: {
    text: () => messages.tools.clear,
    group: "mask",
    keys: ["Ctrl+KeyD"],
    isEnabled: canDraw,
    run: (editor) => editor.mask.clear(),
  },
} as const satisfies CommandTable;
