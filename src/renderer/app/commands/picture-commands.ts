import { messages } from "../../text/messages.js";
import type { CommandTable } from "./command.js";

/** What the model does with the picture. */
export const pictureCommands = {
  run: {
    text: () => messages.about.runOrKeep,
    group: "picture",
    keys: ["Enter", "Ctrl+Enter"],
    isEnabled: (editor) => editor.job.state.kind === "candidate" || editor.runBlocker === null,
    run: (editor) => void (editor.job.state.kind === "candidate" ? editor.keep() : editor.run()),
  },
  cancel: {
    text: () => messages.about.cancelOrDiscard,
    group: "picture",
    keys: ["Escape"],
    inText: true,
    run: (editor) => void editor.cancel(),
  },
} as const satisfies CommandTable;
