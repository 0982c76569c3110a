import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  createScratchFolder,
  createSessionFolder,
  removeAbandonedScratch,
} from "./session-folder.js";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "spectral-test-"));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** A folder whose process ended without tidying up. */
function leave(name: string, mark: string): string {
  const { pid } = spawnSync(process.execPath, ["--eval", ""]);
  const folder = join(parent, name);
  mkdirSync(folder);
  writeFileSync(join(folder, mark), JSON.stringify({ pid, startedAt: Date.now() }));
  writeFileSync(join(folder, "picture.bin"), "pixels");
  return folder;
}

test("what a run that died left is deleted; what belongs to a living one is not", async () => {
  const left = leave("spectral-studio-left", "scratch-owner.json");
  const own = createScratchFolder(parent);
  await removeAbandonedScratch(parent);
  expect(existsSync(left)).toBe(false);
  expect(existsSync(own.path)).toBe(true);
  own.remove();
  expect(existsSync(own.path)).toBe(false);
});

test("documents that may be recovered, and folders of others, are left alone", async () => {
  const recoverable = leave("spectral-studio-documents", "owner.json");
  const foreign = leave("somebody-else", "scratch-owner.json");
  const session = createSessionFolder(parent);
  await removeAbandonedScratch(parent);
  for (const folder of [recoverable, foreign, session.path]) expect(existsSync(folder)).toBe(true);
});
