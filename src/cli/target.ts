import { access, constants, stat } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { AppError } from "../core/errors.js";
import type { ExportFormat } from "../shared/documents.js";

const FORMATS: Readonly<Record<string, ExportFormat>> = {
  ".png": "png",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".webp": "webp",
  ".tif": "tiff",
  ".tiff": "tiff",
  ".avif": "avif",
};

/** Where a result goes. */
export interface Target {
  readonly path: string;
  readonly format: ExportFormat;
}

/**
 * Checks an output's name and folder before a long job is begun, rather than after it.
 * @throws AppError TARGET_FORMAT_UNSUPPORTED, TARGET_UNWRITABLE
 */
export async function requireTarget(named: string): Promise<Target> {
  const path = resolve(named);
  const extension = extname(path).toLowerCase();
  const format = FORMATS[extension];
  if (format === undefined) {
    throw new AppError(
      "TARGET_FORMAT_UNSUPPORTED",
      `Expected an output that ends in ${Object.keys(FORMATS).join(", ")} but got "${named}"; change its extension.`,
      { path },
    );
  }
  await requireFolder(dirname(path));
  const existing = await stat(path).catch(() => null);
  if (existing === null || existing.isFile()) return { path, format };
  throw unwritable(path, "it is a folder or a device; name a file");
}

async function requireFolder(folder: string): Promise<void> {
  const stats = await stat(folder).catch(() => null);
  if (stats?.isDirectory() !== true) {
    throw unwritable(folder, "there is no such folder; make it first");
  }
  const isWritable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable) throw unwritable(folder, "you may not write there; choose another folder");
}

function unwritable(path: string, problem: string): AppError {
  return new AppError("TARGET_UNWRITABLE", `Expected to write to ${path} but ${problem}.`, {
    path,
  });
}
