import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  isAbandonedScratch,
  releaseSession,
  takeScratch,
  takeSession,
} from "../engine/process/session-owner.js";

const PREFIX = "spectral-studio-";

/** A fresh folder for the open documents of one run; readable only by this user. */
export interface ScratchFolder {
  readonly path: string;
  /** Deletes it with everything in it. */
  remove(): void;
}

/** One whose documents are offered at the next start if this process dies. */
export interface SessionFolder extends ScratchFolder {
  /** Leaves it to the next start. */
  release(): void;
}

/**
 * Makes a folder for a run that nobody resumes, within `parentDir`, which must exist; those of runs
 * that died before they could tidy up are deleted in the background.
 */
export function createScratchFolder(parentDir: string): ScratchFolder {
  const folder = makeFolder(parentDir);
  takeScratch(folder.path);
  void removeAbandonedScratch(parentDir);
  return folder;
}

/** Deletes what earlier runs of this user left in `parentDir`; what cannot be deleted stays. */
export async function removeAbandonedScratch(parentDir: string): Promise<void> {
  for (const name of await readdir(parentDir).catch(() => [])) {
    const path = join(parentDir, name);
    if (!name.startsWith(PREFIX) || !(await isAbandonedScratch(path))) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

function makeFolder(parentDir: string): ScratchFolder {
  const path = mkdtempSync(join(parentDir, PREFIX));
  return {
    path,
    // The engine may still be ending, and Windows keeps files open for a moment: try again.
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}

/** Makes a session folder within `parentDir`, which is made as well. */
export function createSessionFolder(parentDir: string): SessionFolder {
  mkdirSync(parentDir, { recursive: true, mode: 0o700 });
  const folder = makeFolder(parentDir);
  takeSession(folder.path);
  return { ...folder, release: () => releaseSession(folder.path) };
}

/**
 * Ends a session without being able to ask anybody: what was not saved is left to the next start.
 * @param hasUnsaved asks the engine, which may be gone or deaf
 */
export async function endSession(
  session: SessionFolder,
  hasUnsaved: () => Promise<boolean>,
): Promise<void> {
  const documents = await readdir(join(session.path, "documents")).catch(() => []);
  const isWanted = documents.length > 0 && (await hasUnsaved().catch(() => true));
  if (isWanted) session.release();
  else session.remove();
}
