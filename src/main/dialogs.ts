import { existsSync } from "node:fs";
import { basename, extname, parse } from "node:path";
import type { BrowserWindow } from "electron";
import { AppError } from "../core/errors.js";
import { writeFileAtomically } from "../engine/process/atomic-write.js";
import { openAndRemember } from "../host/document-methods.js";
import type { ExportFolders } from "../host/export-folders.js";
import type { Recents } from "../host/recents.js";
import type { EngineApi, HostApi } from "../shared/api.js";
import type { SaveFormat } from "../shared/documents.js";
import type { ElectronApi } from "./electron-api.js";
import { extensionOf, OPEN_FILTERS, saveFilters } from "./file-types.js";

export interface DialogParts {
  readonly dialog: ElectronApi["dialog"];
  readonly engine: EngineApi;
  readonly window: () => BrowserWindow | null;
  readonly recents: Recents;
}

/**
 * Opens pictures that the person chooses; the page never learns their paths.
 * @param openLater opens what was chosen besides the first, and tells the page itself
 */
export function createOpenDialog(
  parts: DialogParts,
  openLater: (path: string) => Promise<void>,
): HostApi["openDocumentDialog"] {
  return async () => {
    const { canceled, filePaths } = await parts.dialog.showOpenDialog(requireWindow(parts), {
      title: "Open pictures",
      properties: ["openFile", "multiSelections"],
      filters: OPEN_FILTERS,
    });
    const [path, ...others] = filePaths;
    if (canceled || path === undefined) return null;
    const openOthers = async (): Promise<void> => {
      for (const other of others) await openLater(other);
    };
    try {
      return await openAndRemember(parts.engine, parts.recents, path);
    } finally {
      // One that cannot be opened keeps none of the others from it.
      void openOthers();
    }
  };
}

/** Saves to a file that the person chooses: the whole file, or nothing. */
export function createSaveDialog(parts: DialogParts): HostApi["saveDocumentDialog"] {
  return async (request) => {
    const { documentId, format } = request;
    const { name } = await parts.engine.getDocument({ documentId });
    const { canceled, filePath } = await parts.dialog.showSaveDialog(requireWindow(parts), {
      title: "Save the picture",
      defaultPath: `${parse(basename(name)).name}.${extensionOf(format)}`,
      properties: ["createDirectory", "showOverwriteConfirmation"],
      filters: saveFilters(format),
    });
    if (canceled || filePath === "") return { saved: false, name: null };
    const target = withExtension(filePath, format);
    const { bytes, revision } = await parts.engine.exportDocument(request);
    await writeFileAtomically(target, bytes);
    await parts.engine.markSaved({ documentId, revision });
    await parts.recents.add(target);
    return { saved: true, name: basename(target) };
  };
}

/** Lets the person choose a folder to write into. */
export function createFolderDialog(
  parts: Pick<DialogParts, "dialog" | "window">,
  folders: ExportFolders,
): HostApi["chooseFolder"] {
  return async () => {
    const { canceled, filePaths } = await parts.dialog.showOpenDialog(requireWindow(parts), {
      title: "Choose a folder for the results",
      properties: ["openDirectory", "createDirectory"],
    });
    const [path] = filePaths;
    return canceled || path === undefined ? null : folders.add(path);
  };
}

/**
 * Some systems' dialogs do not add the extension. The person was then asked about overwriting
 * another name, so an existing file is left alone.
 */
function withExtension(path: string, format: SaveFormat): string {
  if (extname(path) !== "") return path;
  const target = `${path}.${extensionOf(format)}`;
  if (!existsSync(target)) return target;
  throw new AppError(
    "TARGET_UNWRITABLE",
    `Expected a new file but ${basename(target)} exists already; save again and type its whole name to replace it.`,
    { target },
  );
}

function requireWindow({ window }: Pick<DialogParts, "window">): BrowserWindow {
  const current = window();
  if (current) return current;
  throw new AppError("NOT_AVAILABLE", "Expected an open window for a dialog but it was closed.");
}
