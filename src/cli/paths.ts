import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** A place beside the folder of the built program; every built file lies one folder below `out/`. */
function built(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** The folder of bundles: the one that was named, the variable SPECTRAL_MODELS, or our own. */
export function modelsDirOf(named: string | undefined): string {
  const chosen = named ?? process.env["SPECTRAL_MODELS"] ?? "";
  return chosen === "" ? built("../../models") : resolve(chosen);
}

/** The built page and the engine's entry, for `serve`. */
export function servedPaths(): { readonly rendererDir: string; readonly childPath: string } {
  return { rendererDir: built("../renderer"), childPath: built("../engine/child.js") };
}
