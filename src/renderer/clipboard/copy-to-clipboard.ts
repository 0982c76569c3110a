import type { Editor } from "../app/editor.svelte.js";
import { messages } from "../text/messages.js";

/** Puts what is masked, or else the whole picture, on the clipboard. */
export async function copyPicture(editor: Editor, what: "picture" | "selection"): Promise<void> {
  const { info } = editor.document;
  const mask = what === "selection" ? editor.mask.toMask() : null;
  if (info === null) return;
  const { documentId } = info;
  const options = { format: "png", quality: 90, embedRecipe: false, metadata: "none" } as const;
  const png = editor.api.exportDocument({ documentId, ...options }).then(({ bytes }) => bytes);
  const text = messages.clipboard;
  try {
    await editor.platform.copyPicture(png, mask);
    const title = mask === null ? text.copied : text.copiedSelection;
    editor.notices.show({ tone: "success", title });
  } catch {
    editor.notices.show({ tone: "error", title: text.failed, body: text.failedBody });
  }
}
