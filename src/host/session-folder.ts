import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A fresh folder for the open documents of one run; readable only by this user. */
export interface SessionFolder {
  readonly path: string;
  /** Deletes it with everything in it. */
  remove(): void;
}

/** Makes a session folder within `parentDir`, which must exist. */
export function createSessionFolder(parentDir: string): SessionFolder {
  const path = mkdtempSync(join(parentDir, "spectral-studio-"));
  return {
    path,
    // The engine may still be ending, and Windows keeps files open for a moment: try again.
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}
