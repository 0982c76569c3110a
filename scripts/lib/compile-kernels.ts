import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "./project.js";

/** The module that holds what is compiled. */
export const KERNELS_FILE = join(projectRoot, "src/engine/kernels/modules.ts");

/** Each kernel with what sets it apart from the others. */
const KERNELS = {
  decode: ["--importMemory", "--sharedMemory", "--maximumMemory", "65536", "--enable", "threads"],
  sample: [],
} as const;

const COMMON = ["-O3", "--runtime", "stub", "--initialMemory", "1", "--enable", "simd"];

/** Content of {@link KERNELS_FILE}. @throws Error with what the compiler says */
export async function compiledKernels(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kernels-"));
  try {
    const lines = [
      "/** Made by `npm run kernels` of kernel/*.ts, which says what they are: WebAssembly in base64. */",
    ];
    for (const [name, own] of Object.entries(KERNELS)) {
      const file = join(folder, `${name}.wasm`);
      await compile(name, file, [...COMMON, ...own]);
      const text = await readFile(file, "base64");
      lines.push(`export const ${name.toUpperCase()}_KERNEL =`, `  "${text}";`);
    }
    return `${lines.join("\n")}\n`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a process of its own, because the compiler's types would change those of arrays everywhere. */
async function compile(name: string, out: string, options: readonly string[]): Promise<void> {
  const compiler = join(projectRoot, "node_modules/assemblyscript/bin/asc.js");
  const args = [compiler, `kernel/${name}.ts`, "--outFile", out, ...options];
  await promisify(execFile)(process.execPath, args, { cwd: projectRoot });
}
