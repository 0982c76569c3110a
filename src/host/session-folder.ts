import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { releaseSession, takeSession } from "../engine/process/session-owner.js";

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

/** Makes a folder for a run that nobody resumes, within `parentDir`, which must exist. */
export function createScratchFolder(parentDir: string): ScratchFolder {
  const path = mkdtempSync(join(parentDir, "spectral-studio-"));
  return {
    path,
    // The engine may still be ending, and Windows keeps files open for a moment: try again.
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}

/** Makes a session folder within `parentDir`, which is made as well. */
export function createSessionFolder(parentDir: string): SessionFolder {
  mkdirSync(parentDir, { recursive: true, mode: 0o700 });
  const folder = createScratchFolder(parentDir);
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
