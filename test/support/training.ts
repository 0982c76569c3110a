import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = fileURLToPath(new URL("../../training/", import.meta.url));
const python = ["bin/python", "Scripts/python.exe"]
  .map((path) => `${folder}.venv/${path}`)
  .find((path) => existsSync(path));

/** False where the training package is not installed (`cd training && uv sync`). */
export const hasTraining = python !== undefined;

/** Runs Python in the training package's folder; its output is in the error where it fails. */
export async function runTraining(...args: string[]): Promise<void> {
  if (python === undefined) throw new Error("Run `uv sync` in training/ first.");
  // Tiny tensors gain nothing from threads, and lose much to them on a busy machine.
  const env = { ...process.env, OMP_NUM_THREADS: "1", CUDA_VISIBLE_DEVICES: "" };
  await promisify(execFile)(python, args, { cwd: folder, env, maxBuffer: 2 ** 26 });
}
