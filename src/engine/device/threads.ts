import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Overrides the number of threads of the inference runtime. */
export const THREADS_VARIABLE = "SPECTRAL_THREADS";

/**
 * Threads for inference: the physical cores that this process may use. Two threads on one core only
 * take each other's cache in matrix products.
 */
export function inferenceThreads(environment: NodeJS.ProcessEnv = process.env): number {
  const wanted = Number(environment[THREADS_VARIABLE]);
  if (Number.isSafeInteger(wanted) && wanted >= 1) return wanted;
  return Math.max(1, Math.min(availableParallelism(), physicalCores() ?? Infinity));
}

/** Only Linux tells without starting a program; null elsewhere. */
function physicalCores(): number | null {
  if (process.platform !== "linux") return null;
  try {
    return countCores(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return null;
  }
}

/** Distinct (package, core) pairs of a `cpuinfo` text, or null if it names none. */
export function countCores(cpuinfo: string): number | null {
  const cores = new Set<string>();
  for (const block of cpuinfo.split("\n\n")) {
    const core = /^core id\s*:\s*(\d+)/m.exec(block)?.[1];
    const chip = /^physical id\s*:\s*(\d+)/m.exec(block)?.[1] ?? "0";
    if (core !== undefined) cores.add(`${chip}/${core}`);
  }
  return cores.size > 0 ? cores.size : null;
}
