import { existsSync } from "node:fs";
import { basename, extname, parse } from "node:path";
import type { BrowserWindow } from "electron";
import { AppError } from "../core/errors.js";
import { writeFileAtomically } from "../engine/process/atomic-write.js";
import { openPath } from "../host/open-path.js";
import type { EngineApi, HostApi } from "../shared/api.js";
import type { ExportFormat } from "../shared/documents.js";
import type { ElectronApi } from "./electron-api.js";
import { extensionOf, OPEN_FILTERS, saveFilters } from "./file-types.js";

export interface DialogParts {
  readonly dialog: ElectronApi["dialog"];
  readonly engine: EngineApi;
  readonly window: () => BrowserWindow | null;
}

/** Opens a picture that the person chooses; the page never learns its path. */
export function createOpenDialog(parts: DialogParts): HostApi["openDocumentDialog"] {
  return async () => {
    const { canceled, filePaths } = await parts.dialog.showOpenDialog(requireWindow(parts), {
      title: "Open a picture",
      properties: ["openFile"],
      filters: OPEN_FILTERS,
    });
    const path = filePaths[0];
    return canceled || path === undefined ? null : openPath(parts.engine, path);
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
    return { saved: true, name: basename(target) };
  };
}

/**
 * Some systems' dialogs do not add the extension. The person was then asked about overwriting
 * another name, so an existing file is left alone.
 */
function withExtension(path: string, format: ExportFormat): string {
  if (extname(path) !== "") return path;
  const target = `${path}.${extensionOf(format)}`;
  if (!existsSync(target)) return target;
  throw new AppError(
    "TARGET_UNWRITABLE",
    `Expected a new file but ${basename(target)} exists already; save again and type its whole name to replace it.`,
    { target },
  );
}

function requireWindow({ window }: DialogParts): BrowserWindow {
  const current = window();
  if (current) return current;
  throw new AppError("NOT_AVAILABLE", "Expected an open window for a dialog but it was closed.");
}
