import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { KernelModule, SharedWebAssemblyMemory } from "../../kernels/webassembly.js";

/** What a worker is told; it lives in the kernel until it is told to stop. */
interface WorkerTask {
  readonly module: KernelModule;
  readonly memory: SharedWebAssemblyMemory;
  readonly control: number;
  readonly thread: number;
}

/** Plain text, so that no package has to hold a file of its own for it. */
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
const { module, memory, control, thread } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const seen = Atomics.load(new Int32Array(memory.buffer), control / 4);
parentPort.postMessage("ready");
exports.serve(control, thread, seen);
`;

/** A thread starts within some hundredths of a second. */
const LONGEST_START_MS = 10_000;

/** Starts a thread of a kernel. @returns false if it cannot be had; then the others do its work */
export async function startThread(task: WorkerTask): Promise<boolean> {
  const abort = new AbortController();
  try {
    const worker = new Worker(PROGRAM, { eval: true, workerData: task });
    // Once it waits within the kernel, that is no reason for a program to go on.
    worker.unref();
    const hasStarted = await Promise.race([
      once(worker, "message", abort).then(() => true),
      once(worker, "exit", abort).then(() => false),
      setTimeout(LONGEST_START_MS, false, abort),
    ]);
    if (!hasStarted) await worker.terminate();
    return hasStarted;
  } catch {
    return false;
  } finally {
    abort.abort();
  }
}
