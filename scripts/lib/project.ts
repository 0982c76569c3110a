import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root; scripts may be started from any folder. */
export const projectRoot = resolve(fileURLToPath(import.meta.url), "../../..");

/** Where suites write their machine-readable reports. */
export const reportsFolder = resolve(projectRoot, "reports");

/** Downloads and unpacked helpers that `npm ci` may sweep away at any time. */
export const cacheFolder = resolve(projectRoot, "node_modules/.cache/spectral");
