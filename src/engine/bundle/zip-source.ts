import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { fromBufferPromise, openPromise, type Entry, type ZipFile } from "yauzl";
import { AppError, toErrorData } from "../../core/errors.js";
import { MANIFEST_NAME, MAX_MANIFEST_BYTES } from "./bundle.js";
import type { BundleSource } from "./bundle-source.js";

/** A bundle has a dozen files; many thousands are an attack on memory. */
const MAX_ENTRIES = 1_000;
/** Unix file type in the upper half of an entry's attributes. */
const TYPE_MASK = 0o170000;
const LINK_TYPE = 0o120000;

/**
 * A bundle in a zip file: its files at the top, or in one folder. Other files in it are left where
 * they are; names that would lead out of a folder, links, duplicates and encryption are refused, even
 * where nothing would be taken from them.
 * @param from the zip's bytes, or its path
 * @throws AppError BUNDLE_DAMAGED, BUNDLE_UNSUPPORTED, BUNDLE_MISSING
 */
export async function openZipSource(
  from: Uint8Array | string,
  name: string,
): Promise<BundleSource> {
  // Sizes are checked against what really comes out, and backslashes are no folders.
  const options = { lazyEntries: true, strictFileNames: true, autoClose: false };
  let zip: ZipFile;
  try {
    zip = await (typeof from === "string"
      ? openPromise(from, options)
      : fromBufferPromise(Buffer.from(from.buffer, from.byteOffset, from.byteLength), options));
  } catch (error) {
    throw unreadable(name, error);
  }
  try {
    const entries = await readEntries(zip, name);
    return {
      name,
      sizeOf: async (file) => entries.get(file)?.uncompressedSize ?? null,
      read: (file) => open(zip, entries, file, name),
      close: async () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

/** The files of the folder that holds the manifest, by their bare names. */
async function readEntries(zip: ZipFile, name: string): Promise<Map<string, Entry>> {
  const all = new Map<string, Entry>();
  const folded = new Set<string>();
  try {
    for await (const entry of zip.eachEntry()) {
      requireHarmless(entry, name);
      // Two names that differ in case alone are one file on many disks.
      const key = entry.fileName.normalize("NFC").toLowerCase();
      if (folded.has(key)) throw refused(name, `"${short(entry)}" is in it twice`);
      folded.add(key);
      if (folded.size > MAX_ENTRIES) throw refused(name, `it has more than ${MAX_ENTRIES} files`);
      all.set(entry.fileName, entry);
    }
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(name, error);
  }
  const prefix = prefixOf([...all.keys()], name);
  const files = [...all].filter(([path]) => path.startsWith(prefix) && !path.endsWith("/"));
  return new Map(files.map(([path, entry]) => [path.slice(prefix.length), entry]));
}

/** An empty text, or the one folder that everything is in, with its slash. */
function prefixOf(paths: readonly string[], name: string): string {
  if (paths.includes(MANIFEST_NAME)) return "";
  const manifests = paths.filter((path) => /^[^/]+\/model\.json$/.test(path));
  const [only] = manifests;
  if (only !== undefined && manifests.length === 1) return only.slice(0, -MANIFEST_NAME.length);
  throw new AppError(
    "BUNDLE_MISSING",
    `Expected one ${MANIFEST_NAME} at the top of ${name} or in one folder but found ${manifests.length}; choose the zip of one model.`,
    { name },
  );
}

function requireHarmless(entry: Entry, name: string): void {
  if (((entry.externalFileAttributes >>> 16) & TYPE_MASK) === LINK_TYPE) {
    throw refused(name, `"${short(entry)}" is a link`);
  }
  if (entry.isEncrypted()) throw refused(name, `"${short(entry)}" is encrypted`);
}

async function open(
  zip: ZipFile,
  entries: ReadonlyMap<string, Entry>,
  file: string,
  name: string,
): Promise<Readable> {
  const entry = entries.get(file);
  if (!entry) throw refused(name, `it has no ${file}`);
  try {
    return await zip.openReadStreamPromise(entry);
  } catch (error) {
    throw unreadable(name, error);
  }
}

/**
 * The manifest's text, never more than a manifest may have.
 * @throws AppError BUNDLE_DAMAGED
 */
export async function readManifestText(source: BundleSource): Promise<string> {
  const size = await source.sizeOf(MANIFEST_NAME);
  if (size === null || size > MAX_MANIFEST_BYTES) {
    throw refused(source.name, `its ${MANIFEST_NAME} is missing or far too large`);
  }
  try {
    return (await buffer(await source.read(MANIFEST_NAME))).toString("utf8");
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(source.name, error);
  }
}

/** A name as it may be shown: somebody else chose it. */
function short({ fileName }: Entry): string {
  return fileName.slice(0, 80);
}

function refused(name: string, problem: string): AppError {
  return new AppError(
    "BUNDLE_DAMAGED",
    `Expected a model in ${name} but ${problem}; get the model again from where it comes from.`,
    { name },
  );
}

/** @throws nothing; makes the error of a zip that breaks off, lies or is none */
export function unreadable(name: string, error: unknown): AppError {
  const { message } = toErrorData(error);
  const reason = error instanceof Error ? error.message : message;
  return new AppError(
    "BUNDLE_DAMAGED",
    `Expected a readable zip file in ${name} but it is none (${reason.slice(0, 200)}); get the model again from where it comes from.`,
    { name },
    { cause: error },
  );
}
