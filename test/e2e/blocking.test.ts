import { resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { maskPart, redrawButton, setVariations, waitForResult } from "./job-helpers";
import { dismissTour } from "./mask-helpers";
import { openStudio, sample, type Studio } from "./studio";

/** A longer task is felt as a jerk. */
const LONGEST_TASK_MS = 50;

let studio: Studio;

beforeAll(async () => {
  // A tiny model: its pictures come quicker than those of any real one, which is harder for a page.
  const modelsDir = resolve(import.meta.dirname, "../fixtures/bundles");
  studio = await openStudio({ picturePath: sample("wren-512x512.jpg"), modelsDir });
});
afterAll(async () => {
  await studio.close();
});

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time of the thread in microseconds: what waiting for a busy machine does not change. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Tasks of the page's main thread, in milliseconds of its own processor time. */
function tasksOfPage(trace: Buffer): readonly number[] {
  // Proof of the cast: Chromium's own trace format.
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: readonly TraceEvent[] };
  const threads = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  return traceEvents
    .filter(({ name, pid, tid }) => name === "RunTask" && threads.has(`${pid}/${tid}`))
    .map(({ tdur = 0 }) => tdur / 1000);
}

it("never blocks: no task of the page takes more than 50 ms while sixteen variations are drawn", async () => {
  const { page } = studio;
  await dismissTour(page);
  await maskPart(page);
  await setVariations(page, 16);
  const browser = page.context().browser();
  if (browser === null) throw new Error("Expected a browser of this test's own.");
  await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline"] });
  await redrawButton(page).click();
  // What a person does meanwhile must not be felt either.
  await page.getByRole("radio", { name: "Variation 3 of 16" }).hover();
  await page.getByRole("slider", { name: "Lock between kept and redrawn scales" }).focus();
  for (const key of ["ArrowUp", "ArrowDown"]) await page.keyboard.press(key);
  await waitForResult(page);
  await page.getByRole("radio", { name: "Variation 9 of 16" }).hover();
  const tasks = tasksOfPage(await browser.stopTracing());
  expect(tasks.length).toBeGreaterThan(100);
  const longest = Math.max(...tasks);
  expect(longest).toBeLessThanOrEqual(LONGEST_TASK_MS);
  expect(studio.problems).toEqual([]);
});
