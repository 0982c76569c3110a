import { Worker } from "node:worker_threads";

/** Larger than any cache, so that it is memory that is measured. */
const BUFFER_BYTES = 96 * 1024 * 1024;
const ROUNDS = 6;

/** Copies a buffer again and again; `memcpy` reads and writes each byte once. */
const worker = `
  const { parentPort, workerData } = require("node:worker_threads");
  const from = new Uint8Array(workerData.bytes).fill(1);
  const to = new Uint8Array(workerData.bytes).fill(2);
  parentPort.postMessage("ready");
  parentPort.once("message", () => {
    let best = Infinity;
    for (let round = 0; round < workerData.rounds; round++) {
      const start = performance.now();
      to.set(from);
      best = Math.min(best, performance.now() - start);
    }
    parentPort.postMessage(best);
  });
`;

/**
 * Bytes a second that so many threads move together between memory and cores: each copies a buffer
 * of its own at the same time, best of some rounds, reads and writes counted.
 */
export async function memoryBandwidth(threads: number): Promise<number> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(worker, { eval: true, workerData: { bytes: BUFFER_BYTES, rounds: ROUNDS } }),
  );
  const next = (one: Worker) =>
    new Promise<unknown>((resolve, reject) => {
      one.once("message", resolve);
      one.once("error", reject);
    });
  await Promise.all(workers.map(next));
  const times = workers.map(next);
  for (const one of workers) one.postMessage("go");
  const best = (await Promise.all(times)).map(Number);
  await Promise.all(workers.map((one) => one.terminate()));
  return best.reduce((sum, milliseconds) => sum + (2 * BUFFER_BYTES) / (milliseconds / 1000), 0);
}
