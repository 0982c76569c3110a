import { copyPicture } from "../clipboard/copy-to-clipboard.js";
import { messages } from "../text/messages.js";
import { fromFile } from "./browser-platform.js";
import type { Editor } from "./editor.svelte.js";

/** Opens what is dropped anywhere on the window, or pasted. Returns how to stop. */
export function listenToFiles(editor: Editor, onHover: (isHovering: boolean) => void): () => void {
  // `dragenter` and `dragleave` come for every element that is crossed: only their balance tells.
  let depth = 0;
  const setDepth = (value: number) => {
    depth = Math.max(0, value);
    onHover(depth > 0);
  };
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;

  const over = (event: DragEvent) => {
    // Without this the browser would leave the page to show what is dropped.
    event.preventDefault();
    if (event.dataTransfer !== null) {
      event.dataTransfer.dropEffect = carriesFiles(event) ? "copy" : "none";
    }
  };
  const enter = (event: DragEvent) => {
    event.preventDefault();
    if (carriesFiles(event)) setDepth(depth + 1);
  };
  const leave = (event: DragEvent) => {
    if (carriesFiles(event)) setDepth(depth - 1);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setDepth(0);
    openAll(editor, event.dataTransfer?.files);
  };
  const paste = (event: ClipboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) {
      return;
    }
    const files = event.clipboardData?.files;
    if (files !== undefined && files.length > 0) openAll(editor, files);
    else {
      const { clipboardEmpty: title, clipboardEmptyBody: body } = messages.notices;
      editor.notices.show({ tone: "info", title, body });
    }
  };

  const copy = (event: ClipboardEvent) => {
    const isText =
      event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    // A person who marked words in a message wants these.
    if (isText || getSelection()?.isCollapsed === false || editor.dialogs.isOpen) return;
    if (editor.document.info === null) return;
    event.preventDefault();
    const hasSelection = editor.usesMask && !editor.mask.isEmpty;
    void copyPicture(editor, hasSelection ? "selection" : "picture");
  };

  const target = window;
  target.addEventListener("dragover", over);
  target.addEventListener("dragenter", enter);
  target.addEventListener("dragleave", leave);
  target.addEventListener("drop", drop);
  target.addEventListener("paste", paste);
  target.addEventListener("copy", copy);
  return () => {
    target.removeEventListener("dragover", over);
    target.removeEventListener("dragenter", enter);
    target.removeEventListener("dragleave", leave);
    target.removeEventListener("drop", drop);
    target.removeEventListener("paste", paste);
    target.removeEventListener("copy", copy);
  };
}

function openAll(editor: Editor, files: FileList | undefined): void {
  void editor.batches.openAll([...(files ?? [])].map(fromFile));
}
