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

/** Starts a thread of a kernel. @returns null if it cannot be had; then the others do its work */
export async function startThread(task: WorkerTask): Promise<Worker | null> {
  try {
    const worker = new Worker(PROGRAM, { eval: true, workerData: task });
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("the thread ended")));
    });
    // It waits within the kernel, which is no reason for a program to go on.
    worker.unref();
    return worker;
  } catch {
    return null;
  }
}
