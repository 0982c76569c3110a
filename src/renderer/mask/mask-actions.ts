import type { CombineMode } from "../../core/mask/combine.js";
import type { PackedMask } from "../../core/mask/packed-mask.js";
import type { Editor } from "../app/editor.svelte.js";
import { readPickedFile } from "../document/read-file.js";
import { messages } from "../text/messages.js";
import type { Point } from "../view/geometry.js";

/**
 * Adds every pixel that is like the one at a point of the picture, by the wand's settings. Never
 * throws; a failure becomes a notice.
 */
export async function selectByColour(editor: Editor, at: Point, mode: CombineMode): Promise<void> {
  const { size } = editor.mask;
  const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
  if (size === null || x < 0 || y < 0 || x >= size.width || y >= size.height) return;
  const { tolerance, isContiguous: contiguous } = editor.tools;
  await addMask(editor, mode, (revision) =>
    editor.api.selectByColour({ ...revision, x, y, tolerance, contiguous }),
  );
}

/** Asks for a picture file of the same size; white (or opaque) may change. */
export async function importMask(editor: Editor): Promise<void> {
  const file = await editor.platform.pickFile();
  if (file === null) return;
  await addMask(editor, editor.tools.combine, async (revision) =>
    editor.api.readMaskFile({ ...revision, ...(await readPickedFile(file)) }),
  );
}

/** What is opaque in the picture. */
export async function maskFromAlpha(editor: Editor): Promise<void> {
  await addMask(editor, editor.tools.combine, (revision) => editor.api.readAlphaMask(revision));
}

/** Saves the mask as a grey PNG of the picture's size. */
export async function exportMask(editor: Editor): Promise<void> {
  const { info } = editor.document;
  const { size } = editor.mask;
  const mask = editor.mask.toPacked();
  if (info === null || size === null || mask === null) return;
  try {
    const { bytes } = await editor.api.writeMaskFile({ ...size, mask });
    const name = messages.mask.fileName(info.name.replace(/\.[^.]*$/, ""));
    editor.platform.download({ name, mediaType: "image/png", bytes });
  } catch (error) {
    editor.notices.showError(error);
  }
}

async function addMask(
  editor: Editor,
  mode: CombineMode,
  read: (revision: {
    documentId: NonNullable<Editor["document"]["shown"]>["documentId"];
    revision: number;
  }) => Promise<PackedMask>,
): Promise<void> {
  const { mask, notices } = editor;
  const { shown } = editor.document;
  if (shown === null || mask.isBusy) return;
  mask.isBusy = true;
  try {
    const packed = await read({ documentId: shown.documentId, revision: shown.revision });
    mask.isBusy = false;
    mask.paintPacked(packed, mode);
  } catch (error) {
    notices.showError(error);
  } finally {
    mask.isBusy = false;
  }
}
