import type { Theme } from "../../../shared/settings.js";
import { messages } from "../../text/messages.js";
import type { Editor } from "../editor.svelte.js";
import { focusPart } from "../parts.js";
import type { CommandTable } from "./command.js";

function theme(name: Theme) {
  return {
    text: () => messages.commands.theme(messages.themes[name]),
    group: "app",
    section: 1,
    isOn: (editor: Editor) => editor.preferences.current.theme === name,
    run: (editor: Editor) => void editor.preferences.update({ theme: name }),
  } as const;
}

/** The app itself: finding things, settings, help. */
export const appCommands = {
  palette: {
    text: () => messages.commands.palette,
    group: "app",
    keys: ["Ctrl+KeyK", "Ctrl+Shift+KeyP"],
    inText: true,
    run: (editor) => editor.dialogs.open({ kind: "palette" }),
  },
  nextPart: {
    text: () => messages.commands.nextPart,
    group: "app",
    keys: ["F6"],
    inText: true,
    keysOnly: true,
    run: () => focusPart(1),
  },
  previousPart: {
    text: () => messages.commands.previousPart,
    group: "app",
    keys: ["Ctrl+Shift+F6"],
    inText: true,
    keysOnly: true,
    run: () => focusPart(-1),
  },
  settings: {
    text: () => messages.settings.title,
    group: "app",
    keys: ["Ctrl+Comma"],
    inText: true,
    run: (editor) => editor.dialogs.open({ kind: "settings" }),
  },
  shortcuts: {
    text: () => messages.shortcuts.title,
    group: "app",
    keys: ["F1", "Shift+Slash"],
    run: (editor) => editor.dialogs.open({ kind: "shortcuts" }),
  },
  "theme-system": theme("system"),
  "theme-light": theme("light"),
  "theme-dark": theme("dark"),
  "theme-high-contrast": theme("high-contrast"),
  log: {
    text: () => messages.log.title,
    group: "app",
    section: 2,
    run: (editor) => editor.dialogs.open({ kind: "log" }),
  },
  licences: {
    text: () => messages.licences.title,
    group: "app",
    section: 2,
    run: (editor) => editor.dialogs.open({ kind: "licences" }),
  },
  about: {
    text: () => messages.topBar.about,
    group: "app",
    section: 2,
    run: (editor) => editor.dialogs.open({ kind: "about" }),
  },
} as const satisfies CommandTable;
