import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** An installed package, by its folder below the root, such as `node_modules/sharp`. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression as the package states it, or `see its text`. */
  readonly licence: string;
  readonly folder: string;
}

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
type LockEntries = Readonly<Record<string, LockEntry>>;

/** What a statement imports, if it is a package: `import x from "p"`, `export ... from`, `import("p")`. */
const IMPORT = /(?:from|import)\s*\(?\s*"(@[\w.-]+\/[\w.-]+|[a-z][\w.-]*)(?:\/[^"]*)?"/g;
/** Electron is not imported by name everywhere, but it is the program that runs all the rest. */
const ALWAYS = ["electron"];

/**
 * Every package whose code is part of what we ship: what the sources of `src/` import, and all that
 * those packages need in turn. Packages of other platforms count where they are installed.
 */
export function shippedPackages(root: string): readonly InstalledPackage[] {
  const lock = readLock(root);
  const found = new Map<string, InstalledPackage>();
  const visit = (from: string, name: string, isOptional: boolean) => {
    const folder = resolveFolder(lock, from, name);
    const entry = folder === null ? undefined : lock[folder];
    if (folder === null || entry === undefined || !existsSync(join(root, folder))) {
      if (isOptional) return;
      throw new Error(`Expected ${name} to be installed but it is not; run \`npm ci\` first.`);
    }
    if (found.has(folder)) return;
    const { version = "", license = "see its text" } = entry;
    found.set(folder, { name, version, licence: license, folder });
    // Electron's own dependencies only download it.
    if (name === "electron") return;
    for (const next of Object.keys(entry.dependencies ?? {})) visit(folder, next, false);
    for (const next of Object.keys(entry.optionalDependencies ?? {})) visit(folder, next, true);
  };
  for (const name of [...importedPackages(join(root, "src")), ...ALWAYS]) visit("", name, false);
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, "en"));
}

/** What only tests use. */
const TEST_CODE = /\.(?:test|bench)\.ts$|(?:^|[\\/])testing[\\/]/;

/** Names of the packages that the sources below a folder import; tests do not count. */
export function importedPackages(folder: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/\.(?:ts|svelte)$/.test(path) || TEST_CODE.test(path)) continue;
    const text = readFileSync(join(folder, path), "utf8");
    for (const [, name] of text.matchAll(IMPORT)) {
      if (name !== undefined && !name.startsWith("node:")) names.add(name);
    }
  }
  return names;
}

/** Node's way: beside the package that asks, then in every folder above it. */
function resolveFolder(lock: LockEntries, from: string, name: string): string | null {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("node_modules") - 1))) {
    const folder = `${base === "" ? "" : `${base}/`}node_modules/${name}`;
    if (lock[folder] !== undefined) return folder;
    if (base === "") return null;
  }
}

function readLock(root: string): LockEntries {
  // Proof of the cast: npm writes this file, and a test of the project checks its shape.
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: LockEntries;
  };
  return lock.packages;
}
