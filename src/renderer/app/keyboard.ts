import type { PointerTools } from "../view/pointer-tools.svelte.js";
import type { Editor } from "./editor.svelte.js";
import { commandFor, type CommandId } from "./shortcuts.js";

const isTextField = (target: EventTarget | null) =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

/** A control that was reached by keyboard uses Enter and Space itself; one that was clicked does not. */
const usesKeysItself = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.matches(":focus-visible") &&
  target.closest("button, a, [role=slider], [role=switch], [role^=menuitem], [role=option]") !==
    null;

/** Shortcuts that also work while text is typed. */
const WORKS_IN_TEXT: readonly CommandId[] = ["open", "save", "generate", "cancel"];

/** Turns key presses on the whole window into commands. Returns how to stop. */
export function listenToKeyboard(editor: Editor, pointer: PointerTools): () => void {
  const down = (event: KeyboardEvent) => {
    // Dialogs and menus have keys of their own, and say so by taking the event.
    if (event.defaultPrevented || event.isComposing || editor.dialogs.isOpen) return;
    if (document.querySelector("[data-bits-floating-content-wrapper] .menu") !== null) return;
    const inText = isTextField(event.target);
    if (event.key === " " && !inText && !usesKeysItself(event.target)) {
      event.preventDefault();
      pointer.isSpaceDown = true;
      return;
    }
    const command = commandFor(event);
    if (command === null || (inText && !WORKS_IN_TEXT.includes(command))) return;
    if (command === "run" && !event.ctrlKey && usesKeysItself(event.target)) return;
    event.preventDefault();
    runCommand(editor, command);
  };
  const up = (event: KeyboardEvent) => {
    if (event.key === " ") pointer.isSpaceDown = false;
  };
  const blur = () => (pointer.isSpaceDown = false);
  window.addEventListener("keydown", down);
  window.addEventListener("keyup", up);
  window.addEventListener("blur", blur);
  return () => {
    window.removeEventListener("keydown", down);
    window.removeEventListener("keyup", up);
    window.removeEventListener("blur", blur);
  };
}

/** What each command does; nothing where it makes no sense at the moment. */
export function runCommand(editor: Editor, command: CommandId): void {
  const { mask, viewport, compare, job, document } = editor;
  const canDraw = document.info !== null && job.isIdle;
  switch (command) {
    case "open":
      return void editor.files.open();
    case "save":
      return editor.files.askToSave();
    case "undo":
      return void editor.undo();
    case "redo":
      return void editor.redo();
    case "generate":
      if (editor.model !== null && job.isIdle) editor.dialogs.open({ kind: "generate" });
      return;
    case "pan":
    case "brush":
    case "eraser":
    case "rectangle":
      editor.chooseTool(command);
      return;
    case "invertMask":
      return canDraw ? mask.invert() : undefined;
    case "clearMask":
      return canDraw ? mask.clear() : undefined;
    case "brushSmaller":
      return mask.stepBrushSize("down");
    case "brushLarger":
      return mask.stepBrushSize("up");
    case "zoomIn":
      return viewport.zoomStep("in");
    case "zoomOut":
      return viewport.zoomStep("out");
    case "zoomFit":
      return viewport.fit();
    case "zoomActual":
      return viewport.actualSize();
    case "compareSplit":
      if ((editor.scene?.before ?? null) !== null) compare.toggleSplit();
      return;
    case "run":
      return void (job.state.kind === "candidate" ? editor.keep() : editor.run());
    case "cancel":
      return void editor.cancel();
  }
}
