import type { PointerTools } from "../view/pointer-tools.svelte.js";
import { COMMANDS, type CommandId } from "./commands/table.js";
import type { Editor } from "./editor.svelte.js";
import { watchFocusOrigin } from "./focus-origin.js";
import { keymap } from "./keymap.svelte.js";

const isTextField = (target: EventTarget | null) =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

/** One that is closing takes no keys any more. */
const OPEN_MENU = '[data-bits-floating-content-wrapper] .menu:not([data-state="closed"])';

/** A control that uses Enter and Space itself, if it was reached without a pointer; one that was clicked does not. */
const takesKeys = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.closest("button, a, [role=slider], [role=switch], [role^=menuitem], [role=option]") !==
    null;

/** Turns key presses on the whole window into commands. Returns how to stop. */
export function listenToKeyboard(editor: Editor, pointer: PointerTools): () => void {
  /** By key, what ends when it goes up. */
  const held = new Map<string, () => void>();
  const origin = watchFocusOrigin();
  const usesKeysItself = (target: EventTarget | null) =>
    origin.cameWithoutPointer() && takesKeys(target);
  const down = (event: KeyboardEvent) => {
    // Dialogs and menus have keys of their own, and say so by taking the event.
    if (event.defaultPrevented || event.isComposing || editor.dialogs.isOpen) return;
    if (document.querySelector(OPEN_MENU) !== null) return;
    const inText = isTextField(event.target);
    if (event.key === " " && !inText && !usesKeysItself(event.target)) {
      event.preventDefault();
      pointer.isSpaceDown = true;
      return;
    }
    const id = keymap.commandFor(event);
    if (id === null) return;
    const command = COMMANDS[id];
    if (inText && command.inText !== true) return;
    if (event.key === "Enter" && !event.ctrlKey && usesKeysItself(event.target)) return;
    event.preventDefault();
    if (command.release !== undefined) {
      if (event.repeat) return;
      const { release } = command;
      held.set(event.code, () => release(editor));
    }
    runCommand(editor, id);
  };
  const release = (code: string) => {
    held.get(code)?.();
    held.delete(code);
  };
  const up = (event: KeyboardEvent) => {
    if (event.key === " ") pointer.isSpaceDown = false;
    release(event.code);
  };
  const blur = () => {
    pointer.isSpaceDown = false;
    for (const code of [...held.keys()]) release(code);
  };
  window.addEventListener("keydown", down);
  window.addEventListener("keyup", up);
  window.addEventListener("blur", blur);
  return () => {
    origin.stop();
    window.removeEventListener("keydown", down);
    window.removeEventListener("keyup", up);
    window.removeEventListener("blur", blur);
  };
}

/** Does what a command says; nothing where it makes no sense at the moment. */
export function runCommand(editor: Editor, id: CommandId): void {
  const command = COMMANDS[id];
  if (command.isEnabled?.(editor) !== false) command.run(editor);
}
