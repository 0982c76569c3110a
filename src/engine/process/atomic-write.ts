import { randomBytes } from "node:crypto";
import { chmod, open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError } from "../../core/errors.js";

/**
 * Writes a whole file or nothing: a temporary file in the same folder, flushed to disk, renamed over
 * the target, and the folder flushed, without which the new name may be lost in a power cut. A link
 * is followed, and the mode of a file that is replaced is kept.
 *
 * Lies with the process code because every host saves files, and it loads nothing native.
 * @throws AppError TARGET_UNWRITABLE, DISK_FULL; the target is then what it was
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  await replaceFileAtomically(path, (temporary) => writeFlushed(temporary, bytes));
}

/**
 * As {@link writeFileAtomically} for a file that somebody else makes.
 * @param make writes and flushes the whole file at the path that it gets, where nothing is yet
 */
export async function replaceFileAtomically(
  path: string,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  try {
    const target = await resolveLink(path);
    await requireRegularFile(target);
    const temporary = join(
      dirname(target),
      `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`,
    );
    try {
      await make(temporary);
      await keepMode(target, temporary);
      await rename(temporary, target);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    await flushFolder(dirname(target));
  } catch (error) {
    throw asWriteError(error, path);
  }
}

async function resolveLink(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return path;
    throw error;
  }
}

/** Renaming over a folder fails late, and over a device would replace it by a file. */
async function requireRegularFile(target: string): Promise<void> {
  const stats = await stat(target).catch(() => null);
  if (stats === null || stats.isFile()) return;
  throw new AppError(
    "TARGET_UNWRITABLE",
    `Expected a file name to write to but ${target} is a folder or a device; add a file name.`,
    { path: target },
  );
}

/** `wx` refuses a file that is there already: nothing of anybody else is ever overwritten. */
async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function keepMode(from: string, to: string): Promise<void> {
  const stats = await stat(from).catch(() => null);
  if (stats) await chmod(to, stats.mode & 0o7777);
}

/** Windows cannot open a folder; there, renaming is as durable as it gets. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems refuse; the file itself is written and named.
    if (systemCode(error) !== "EINVAL") throw error;
  } finally {
    await folder.close();
  }
}

function systemCode(error: unknown): string | null {
  return error instanceof Error && "code" in error ? String(error.code) : null;
}

/** A failure to write as an error for people: TARGET_UNWRITABLE or DISK_FULL. */
export function asWriteError(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (error instanceof AppError || code === null) return error;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new AppError(
      "DISK_FULL",
      `Expected room to write ${path} but the disk is full; free some space or choose another disk. Nothing was changed.`,
      { path },
      { cause: error },
    );
  }
  return new AppError(
    "TARGET_UNWRITABLE",
    `Expected to write ${path} but the system refused (${code}); check that the folder exists and that you may write to it. Nothing was changed.`,
    { path, systemCode: code },
    { cause: error },
  );
}
