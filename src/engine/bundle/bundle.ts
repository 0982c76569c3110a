import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, toErrorData } from "../../core/errors.js";
import { createTokenLayout, type TokenLayout } from "../../core/layout.js";
import {
  BUNDLE_FORMAT,
  BUNDLE_VERSION,
  bundleManifestSchema,
  type BundleManifest,
  type DrawingManifest,
  type EnlargingManifest,
  type GraphFile,
} from "../../shared/bundle-manifest.js";
import { describeIssues } from "../../shared/errors.js";
import { z } from "../../shared/zod.js";
import { requireConsistentPorts, requireEnlargingPorts } from "./ports.js";

/** The graphs of a bundle that draws. */
export const GRAPH_NAMES = ["encoder", "decoder", "ar", "text"] as const;
export type GraphName = (typeof GRAPH_NAMES)[number];

interface CheckedFolder {
  readonly folder: string;
  /** Hash of the manifest, and so, through the hashes in it, of everything. */
  readonly sha256: string;
}

export interface DrawingBundle extends CheckedFolder {
  readonly manifest: DrawingManifest;
  readonly layout: TokenLayout;
}

/** Has no tokens, and so no layout of them. */
export interface EnlargingBundle extends CheckedFolder {
  readonly manifest: EnlargingManifest;
  readonly layout: null;
}

/** A folder with a model whose manifest and files were checked; nothing is loaded yet. */
export type Bundle = DrawingBundle | EnlargingBundle;

/** What a manifest of any version has, so that a newer one is told from a broken one. */
const headerSchema = z.object({ format: z.literal(BUNDLE_FORMAT), version: z.int() });

export const MANIFEST_NAME = "model.json";
/** A manifest is some kilobytes; anything much larger is not one. */
export const MAX_MANIFEST_BYTES = 1024 * 1024;

/**
 * Reads and checks a bundle: manifest, layout, graph inputs and outputs, and the hash of every file.
 * @throws AppError BUNDLE_MISSING, BUNDLE_DAMAGED, BUNDLE_UNSUPPORTED
 */
export async function openBundle(folder: string): Promise<Bundle> {
  const text = await readManifest(folder);
  const sha256 = createHash("sha256").update(text).digest("hex");
  const bundle = withLayout({ folder, sha256 }, parseManifest(text, folder));
  for (const { file } of filesOf(bundle.manifest)) await readBundleFile(bundle, file);
  return bundle;
}

function withLayout(checked: CheckedFolder, manifest: BundleManifest): Bundle {
  if (manifest.kind === "enlarge") {
    requireEnlargingPorts(manifest.enlarge);
    return { ...checked, manifest, layout: null };
  }
  const layout = createTokenLayout(manifest.layout);
  requireConsistentPorts(manifest, layout);
  return { ...checked, manifest, layout };
}

/**
 * The bytes of a file of the bundle, checked against its hash: what is checked is what is used.
 * @throws AppError BUNDLE_DAMAGED
 */
export async function readBundleFile(
  { folder, manifest }: Bundle,
  file: string,
): Promise<Uint8Array> {
  const entry = filesOf(manifest).find((candidate) => candidate.file === file);
  const path = join(folder, file);
  const bytes = entry ? await readInside(folder, path) : null;
  if (!entry || bytes === null) {
    throw damaged(manifest.id, file, "it is missing or not readable");
  }
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== entry.sha256) {
    throw damaged(manifest.id, file, "its content differs from what the manifest says");
  }
  return bytes;
}

interface HashedFile {
  readonly file: string;
  readonly sha256: string;
}

/** Every ONNX file that a manifest names. */
export function graphFilesOf(manifest: BundleManifest): GraphFile[] {
  const { enlarge = [] } = manifest;
  if (manifest.kind === "enlarge") return [...enlarge];
  return [...GRAPH_NAMES.map((name) => manifest.files[name]), ...enlarge];
}

/** Every file that a manifest names, each with its hash. */
export function filesOf(manifest: BundleManifest): HashedFile[] {
  if (manifest.kind === "enlarge") return graphFilesOf(manifest);
  const { text, tokenizerSha256, golden, arWeights } = manifest;
  const words =
    "tokenizer" in text && tokenizerSha256 !== undefined
      ? [{ file: text.tokenizer, sha256: tokenizerSha256 }]
      : [];
  return [...graphFilesOf(manifest), ...(arWeights ? [arWeights] : []), ...words, golden];
}

/** Null if the file is not there, or if a link leads out of the folder. */
async function readInside(folder: string, path: string): Promise<Uint8Array | null> {
  try {
    const real = await realpath(path);
    if (dirname(real) !== (await realpath(folder))) return null;
    return await readFile(real);
  } catch {
    return null;
  }
}

async function readManifest(folder: string): Promise<string> {
  const path = join(folder, MANIFEST_NAME);
  try {
    const { size } = await stat(path);
    if (size > MAX_MANIFEST_BYTES) {
      throw damaged(folder, MANIFEST_NAME, `it has ${size} bytes, far more than a manifest`);
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      "BUNDLE_MISSING",
      `Expected a model in ${folder} but it has no readable ${MANIFEST_NAME}; install the model there.`,
      { folder },
      { cause: error },
    );
  }
}

/** @throws AppError BUNDLE_DAMAGED, BUNDLE_UNSUPPORTED; `folder` is named in the message */
export function parseManifest(text: string, folder: string): BundleManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(folder, MANIFEST_NAME, toErrorData(error).message);
  }
  const parsed = bundleManifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const header = headerSchema.safeParse(value);
  if (header.success && header.data.version > BUNDLE_VERSION) {
    throw new AppError(
      "BUNDLE_UNSUPPORTED",
      `Expected a model of format version ${BUNDLE_VERSION} in ${folder} but it has version ${header.data.version}; update the app.`,
      { folder, version: header.data.version },
    );
  }
  throw new AppError(
    "BUNDLE_UNSUPPORTED",
    `Expected a manifest that this app reads in ${folder} but got one where ${describeIssues(parsed.error)}; use a model and an app that belong together.`,
    { folder },
  );
}

function damaged(model: string, file: string, problem: string): AppError {
  return new AppError(
    "BUNDLE_DAMAGED",
    `Expected ${file} of the model ${model} to be whole but ${problem}; install the model again.`,
    { model, file },
  );
}
