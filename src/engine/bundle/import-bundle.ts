import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { AppError, type AppErrorData } from "../../core/errors.js";
import type { BundleManifest } from "../../shared/bundle-manifest.js";
import {
  filesOf,
  graphFilesOf,
  MANIFEST_NAME,
  openBundle,
  parseManifest,
  type Bundle,
} from "./bundle.js";
import type { BundleSource } from "./bundle-source.js";
import { requireFitting } from "./memory.js";
import { scanOnnx } from "./onnx-scan.js";
import { readManifestText, unreadable } from "./zip-source.js";

/** Folders of imports under way begin with a dot, which lists of bundles leave out. */
const TEMPORARY_PREFIX = ".import-";
/** An import that is older than that has died. */
const STALE_MS = 24 * 60 * 60 * 1_000;

/** What a bundle may bring along for people. */
const COMPANIONS = ["README.md", "LICENSE", "LICENSE.txt", "NOTICE"];
const MAX_COMPANION_BYTES = 1024 * 1024;
/** Of the tokenizer and of the recorded outputs, whose sizes the manifest does not tell. */
const MAX_SIDE_FILE_BYTES = 256 * 1024 * 1024;
const MAX_BUNDLE_BYTES = 16 * 1024 ** 3;

export interface ImportOptions {
  readonly source: BundleSource;
  /** Folder of bundles that it is put into; made if it is not there. */
  readonly targetDir: string;
  /** Says whether a bundle may come in beside the others. @throws AppError if not */
  readonly admit: (manifest: BundleManifest) => Promise<void>;
  /** Runs it on its recorded inputs. @throws AppError if it computes something else */
  readonly verify: (bundle: Bundle) => Promise<void>;
}

/**
 * Installs a bundle: unpacked beside its place, checked there in every respect, and then renamed.
 * Whatever is wrong with it, nothing of it stays on the disk.
 * @throws AppError BUNDLE_DAMAGED, BUNDLE_UNSUPPORTED, BUNDLE_MISSING, OUT_OF_MEMORY, DISK_FULL,
 *   TARGET_UNWRITABLE, ENGINE_OUTPUT_INVALID
 */
export async function importBundle(options: ImportOptions): Promise<Bundle> {
  const { source, targetDir, admit, verify } = options;
  const text = await readManifestText(source);
  const manifest = parseManifest(text, source.name);
  await admit(manifest);
  requireFitting(manifest);
  const sizes = await plannedFiles(source, manifest);
  const temporary = join(targetDir, `${TEMPORARY_PREFIX}${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(targetDir, { recursive: true });
    await removeStale(targetDir);
    await mkdir(temporary);
    await writeFile(join(temporary, MANIFEST_NAME), text, { flag: "wx" });
    for (const [file, size] of sizes) await copyFile(source, file, size, temporary);
    const bundle = await openBundle(temporary);
    for (const { file } of graphFilesOf(manifest)) {
      scanOnnx(await readFile(join(temporary, file)), file);
    }
    await verify(bundle);
    const folder = join(targetDir, manifest.id);
    await rename(temporary, folder);
    return { ...bundle, folder };
  } catch (error) {
    throw asWriteError(error, targetDir);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** What is to be copied and how long it is, all of it checked before a byte is written. */
async function plannedFiles(
  source: BundleSource,
  manifest: BundleManifest,
): Promise<Map<string, number>> {
  const planned = new Map<string, number>();
  const graphs = new Map(graphFilesOf(manifest).map(({ file, bytes }) => [file, bytes]));
  for (const { file } of filesOf(manifest)) {
    const size = await source.sizeOf(file);
    if (size === null) throw wrongFile(source, file, "it is not there");
    const expected = graphs.get(file);
    if (expected !== undefined && expected !== size) {
      throw wrongFile(source, file, `it has ${size} bytes instead of ${expected}`);
    }
    if (expected === undefined && size > MAX_SIDE_FILE_BYTES) {
      throw wrongFile(source, file, `it has ${size} bytes, far more than such a file`);
    }
    planned.set(file, size);
  }
  for (const file of COMPANIONS) {
    const size = await source.sizeOf(file);
    if (size !== null && size <= MAX_COMPANION_BYTES && !planned.has(file)) planned.set(file, size);
  }
  const total = [...planned.values()].reduce((sum, size) => sum + size, 0);
  if (total <= MAX_BUNDLE_BYTES) return planned;
  throw wrongFile(source, "everything", `it has ${total} bytes (at most ${MAX_BUNDLE_BYTES})`);
}

async function copyFile(
  source: BundleSource,
  file: string,
  size: number,
  folder: string,
): Promise<void> {
  const content = await source.read(file);
  let written = 0;
  try {
    await pipeline(
      content,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          written += chunk.byteLength;
          if (written > size) throw wrongFile(source, file, "it is longer than it says");
          yield chunk;
        }
      },
      createWriteStream(join(folder, file), { flags: "wx" }),
    );
  } catch (error) {
    if (error instanceof AppError || systemCode(error) !== null) throw error;
    throw unreadable(source.name, error);
  }
  if (written < size) throw wrongFile(source, file, "it is shorter than it says");
}

/** Folders of imports that died with their process. */
async function removeStale(targetDir: string): Promise<void> {
  for (const name of await readdir(targetDir)) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue;
    const path = join(targetDir, name);
    const stats = await stat(path).catch(() => null);
    if (stats && Date.now() - stats.mtimeMs > STALE_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

function wrongFile(
  { name }: BundleSource,
  file: string,
  problem: AppErrorData["message"],
): AppError {
  return new AppError(
    "BUNDLE_DAMAGED",
    `Expected ${file} of the model in ${basename(name)} to be whole but ${problem}; get the model again from where it comes from.`,
    { name, file },
  );
}

/** A system's error code; the zip library's errors have none. */
function systemCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && "syscall" in error
    ? String(error.code)
    : null;
}

function asWriteError(error: unknown, targetDir: string): unknown {
  const code = systemCode(error);
  if (error instanceof AppError || code === null) return error;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new AppError(
    isFull ? "DISK_FULL" : "TARGET_UNWRITABLE",
    `Expected to put the model into ${targetDir} but the system refused (${code}); ${
      isFull ? "free some space" : "check that you may write there"
    }. Nothing was changed.`,
    { targetDir, systemCode: code },
    { cause: error },
  );
}
