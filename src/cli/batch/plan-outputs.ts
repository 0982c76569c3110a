import { posix } from "node:path";
import type { ExportFormat } from "../../shared/documents.js";
import type { BatchInput } from "./find-inputs.js";

/** A picture of a batch and where its result goes. */
export interface BatchItem {
  readonly input: string;
  /** Below the output folder, `/` between folders. */
  readonly output: string;
}

const EXTENSIONS: Readonly<Record<ExportFormat, string>> = {
  png: "png",
  jpeg: "jpg",
  webp: "webp",
  tiff: "tiff",
  avif: "avif",
};

/**
 * Names the results: as the inputs, with the format's extension. Inputs whose results would have the
 * same name (`a.jpg` and `a.png`) keep their own extension before it, so that none replaces another
 * and a second run finds the same names.
 */
export function planOutputs(inputs: readonly BatchInput[], format: ExportFormat): BatchItem[] {
  const short = inputs.map(({ relative }) => `${withoutExtension(relative)}.${EXTENSIONS[format]}`);
  const uses = countOf(short);
  const named = inputs.map(({ relative }, index) => {
    const name = short[index] ?? relative;
    return (uses.get(keyOf(name)) ?? 0) > 1 ? `${relative}.${EXTENSIONS[format]}` : name;
  });
  return inputs.map(({ path }, index) => ({ input: path, output: numbered(named, index) }));
}

/** Files of one name from different folders, named one by one: the second gets a number. */
function numbered(names: readonly string[], index: number): string {
  const name = names[index] ?? "";
  const before = names.slice(0, index).filter((other) => keyOf(other) === keyOf(name)).length;
  if (before === 0) return name;
  return `${withoutExtension(name)}-${before + 1}${posix.extname(name)}`;
}

function withoutExtension(name: string): string {
  return name.slice(0, name.length - posix.extname(name).length);
}

function countOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(keyOf(name), (counts.get(keyOf(name)) ?? 0) + 1);
  return counts;
}

/** Disks of Windows and macOS take `A.png` and `a.png` for the same file. */
function keyOf(name: string): string {
  return name.toLowerCase();
}
