/** How long work may keep the thread before the screen gets its turn. */
const SLICE_MS = 12;

/** Goes through work in steps, a slice at a time so that the screen stays alive. */
export async function inSlices<T>(steps: Iterator<unknown, T>): Promise<T> {
  let pauseAt = performance.now() + SLICE_MS;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < pauseAt) continue;
    await new Promise((resolve) => setTimeout(resolve));
    pauseAt = performance.now() + SLICE_MS;
  }
}
