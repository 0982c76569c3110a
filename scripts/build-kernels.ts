/**
 * Compiles kernel/*.ts and writes src/engine/kernels/modules.ts, which holds them as text: so they need
 * no file of their own in a package. Run it after every change there; a test compares.
 *
 *     npm run kernels
 */
import { writeFile } from "node:fs/promises";
import { compiledKernels, KERNELS_FILE } from "./lib/compile-kernels.js";

await writeFile(KERNELS_FILE, await compiledKernels());
