import { stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { AppError } from "../../core/errors.js";

/** A picture of a batch. */
export interface BatchInput {
  readonly path: string;
  /** Where it lies below the folder that was named, `/` between folders; a file's own name otherwise. */
  readonly relative: string;
}

export interface FindOptions {
  /** Also takes what lies in folders of a named folder. */
  readonly recursive: boolean;
  /** Nothing below this folder is taken: results of an earlier run are no input of the next. */
  readonly except: string;
}

const PICTURES = "*.{png,jpg,jpeg,jfif,webp,tif,tiff,avif,gif}";

/**
 * The pictures that the arguments of a batch name: files, folders and glob patterns, each once, in an
 * order that does not depend on the disk. In folders only names with a picture's ending count; a
 * file that was named is always taken.
 * @throws AppError FILE_NOT_FOUND if an argument names nothing
 */
export async function findInputs(
  args: readonly string[],
  options: FindOptions,
): Promise<BatchInput[]> {
  const found = new Map<string, BatchInput>();
  for (const argument of args) {
    const inputs = await inputsOf(argument, options);
    if (inputs.length === 0) throw nothingFound(argument, options);
    for (const input of inputs) {
      if (!found.has(input.path)) found.set(input.path, input);
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function inputsOf(argument: string, options: FindOptions): Promise<BatchInput[]> {
  const path = resolve(argument);
  // A name that exists is meant as it is, even if it has brackets in it.
  const stats = await stat(path).catch(() => null);
  if (stats?.isDirectory()) return picturesIn(path, options);
  if (stats !== null) return [{ path, relative: basename(path) }];
  return isDynamicPattern(argument) ? picturesLike(argument, options) : [];
}

async function picturesIn(folder: string, options: FindOptions): Promise<BatchInput[]> {
  const pattern = options.recursive ? `**/${PICTURES}` : PICTURES;
  const names = await glob(pattern, {
    cwd: folder,
    caseSensitiveMatch: false,
    followSymbolicLinks: false,
  });
  return names
    .map((name) => ({ path: join(folder, name), relative: name }))
    .filter(({ path }) => !liesBelow(path, options.except));
}

async function picturesLike(pattern: string, options: FindOptions): Promise<BatchInput[]> {
  // Patterns are written with `/`, which Windows also takes; there `\` would separate folders.
  const portable = sep === "\\" ? pattern.replaceAll("\\", "/") : pattern;
  const paths = await glob(portable, { absolute: true, followSymbolicLinks: false });
  return paths
    .map((path) => ({ path: resolve(path), relative: basename(path) }))
    .filter(({ path }) => !liesBelow(path, options.except));
}

function liesBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && resolve(way) !== way;
}

function nothingFound(argument: string, { recursive }: FindOptions): AppError {
  const hint = recursive ? "" : " Add --recursive to look into its folders too.";
  return new AppError(
    "FILE_NOT_FOUND",
    `Expected "${argument}" to be a picture, a folder with pictures or a pattern that matches some, but it is none of these.${hint}`,
    { path: argument },
  );
}
