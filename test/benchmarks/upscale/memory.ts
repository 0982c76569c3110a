import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "../../../src/shared/zod.js";

/** One method on the folder's first picture, in a process of its own. */
export const memoryTaskSchema = z.object({
  bundle: z.string(),
  peers: z.string().nullable(),
  pictures: z.string(),
  factor: z.literal([2, 4, 8]),
  method: z.string(),
});
export type MemoryTask = z.infer<typeof memoryTaskSchema>;

/** The most bytes that were resident while a process of its own enlarged a picture. */
export async function peakMemory(task: MemoryTask): Promise<number> {
  const child = fileURLToPath(new URL("./memory-child.ts", import.meta.url));
  const project = fileURLToPath(new URL("../../..", import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", child, JSON.stringify(task)],
    { cwd: project },
  );
  return z.coerce.number().positive().parse(stdout.trim());
}

/**
 * The most bytes that were resident in this process so far. Linux counts what a process was before
 * it became this program into the number of `resourceUsage`, hence its own file there.
 */
export async function ownPeakBytes(): Promise<number> {
  if (process.platform === "linux") {
    const found = /^VmHWM:\s*(\d+) kB/m.exec(await readFile("/proc/self/status", "utf8"))?.[1];
    if (found !== undefined) return Number(found) * 1024;
  }
  return process.resourceUsage().maxRSS * 1024;
}
