import { writeFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { uptime } from "node:os";
import { join } from "node:path";
import { z } from "../../shared/zod.js";

/**
 * Who works in a session folder. Hosts write it and engines of later runs read it, so it lies with
 * the process code. A folder without it belongs to nobody yet and is left alone.
 */
const OWNER_NAME = "owner.json";
/** The same in a folder whose documents are never offered again; its name tells the two apart. */
const SCRATCH_OWNER_NAME = "scratch-owner.json";

const ownerSchema = z.object({
  pid: z.int().min(1),
  /** Milliseconds since 1970. */
  startedAt: z.number().min(0),
});

/** Clocks are set right by some seconds; more than that is another start of the machine. */
const CLOCK_SLACK_MS = 60_000;

/** Marks a session folder as this process's. */
export function takeSession(sessionDir: string): void {
  writeMark(join(sessionDir, OWNER_NAME));
}

/** Marks a folder as this process's that nobody needs once the process is gone. */
export function takeScratch(folder: string): void {
  writeMark(join(folder, SCRATCH_OWNER_NAME));
}

function writeMark(path: string): void {
  writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: Date.now() }));
}

/** Gives a session folder up without deleting it: the next start offers what is in it. */
export function releaseSession(sessionDir: string): void {
  writeFileSync(join(sessionDir, OWNER_NAME), JSON.stringify({ pid: 1, startedAt: 0 }));
}

/**
 * True if a session folder was left behind: its process is gone, or the machine was started again
 * since, after which the same number may belong to any other process.
 */
export function isAbandoned(sessionDir: string): Promise<boolean> {
  return isLeft(sessionDir, OWNER_NAME);
}

/** The same of a folder that was marked by {@link takeScratch}: it may be deleted. */
export function isAbandonedScratch(folder: string): Promise<boolean> {
  return isLeft(folder, SCRATCH_OWNER_NAME);
}

async function isLeft(folder: string, markName: string): Promise<boolean> {
  const text = await readFile(join(folder, markName), "utf8").catch(() => null);
  if (text === null || !(await isOurs(folder))) return false;
  const owner = ownerSchema.safeParse(parseJson(text));
  // A half-written mark is a process that died while it began.
  if (!owner.success) return true;
  const machineStartedAt = Date.now() - uptime() * 1000;
  if (owner.data.startedAt < machineStartedAt - CLOCK_SLACK_MS) return true;
  return !isRunning(owner.data.pid);
}

/** Temporary folders are shared: what another user put there is not offered as a document of ours. */
async function isOurs(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  const user = process.getuid?.();
  return stats !== null && stats.isDirectory() && (user === undefined || stats.uid === user);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is running all the same.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
