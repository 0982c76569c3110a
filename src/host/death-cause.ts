import { readFileSync } from "node:fs";
import { AppError } from "../core/errors.js";

/** Windows: the runtime's and the browser engine's own codes for too little memory. */
const MEMORY_EXIT_CODES = new Set([0xc000_0017, 0xe000_0008]);

/** How a kill is told: by Node, by Electron, which passes on what `waitpid` gave, and by a shell. */
const KILLS = new Set(["signal SIGKILL", "exit code 9", "exit code 137"]);

/** Where Linux counts the processes that it ended for lack of memory; the container's own first. */
const MEMORY_COUNTERS: readonly string[] = ["/sys/fs/cgroup/memory.events", "/proc/vmstat"];

/**
 * How many processes the system has ended for lack of memory; 0 where it does not tell.
 * @param counters files that may tell; the first that does decides
 */
export function countMemoryKills(counters = MEMORY_COUNTERS): number {
  for (const path of counters) {
    try {
      const count = /^oom_kill (\d+)$/m.exec(readFileSync(path, "utf8"))?.[1];
      if (count !== undefined) return Number(count);
    } catch {
      // Another system, or one that hides it.
    }
  }
  return 0;
}

/**
 * True if a process ended for lack of memory, as far as it can be told.
 * @param reason such as `signal SIGKILL` or `exit code 3221225495`
 * @param memoryKills how many processes the system ended for it while this one ran
 */
export function isMemoryDeath(reason: string, memoryKills: number): boolean {
  if (KILLS.has(reason)) return memoryKills > 0;
  const code = /^exit code (-?\d+)$/.exec(reason)?.[1];
  // Some interfaces give the code as a signed number.
  return code !== undefined && MEMORY_EXIT_CODES.has(Number(code) >>> 0);
}

/** The failure of whatever an engine process was doing when it ended. */
export function engineDied(reason: string, isMemory = false): AppError {
  if (isMemory) {
    return new AppError(
      "OUT_OF_MEMORY",
      `Expected enough memory for the engine but the system ended its process for lack of it (${reason}). Your documents are unchanged; close other programs or choose a smaller region.`,
      { reason },
    );
  }
  return new AppError(
    "ENGINE_DIED",
    `Expected the engine to finish but its process ended (${reason}). Your documents are unchanged; run it again, and if it ends again close other programs or choose a smaller region.`,
    { reason },
  );
}
