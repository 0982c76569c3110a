import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  expectAccessible,
  JOB_TIMEOUT_MS,
  maskPart,
  redrawButton,
  setVariations,
  waitForResult,
  watchCalls,
} from "./job-helpers";
import { dismissTour } from "./mask-helpers";
import {
  dragRectangle,
  lockScales,
  openStudio,
  resultBar,
  sample,
  screenshot,
  type Studio,
} from "./studio";

const COUNT = 4;
const MANY = 16;

let studio: Studio;

beforeAll(async () => {
  studio = await openStudio({ picturePath: sample("wren-512x512.jpg") });
  const { page } = studio;
  await dismissTour(page);
  // Nearly all of the picture takes long enough to do something else meanwhile.
  await dragRectangle(page, [0.05, 0.05], [0.95, 0.95]);
  await lockScales(page, 1);
  await setVariations(page, COUNT);
});
afterAll(async () => {
  await studio.close();
});

const grid = (page: Page) => page.getByRole("radiogroup", { name: "Variations" });
const cells = (page: Page) => grid(page).getByRole("radio");
const chosen = (page: Page) =>
  grid(page).locator('[aria-checked="true"]').getAttribute("aria-label");
const jobsButton = (page: Page) => page.getByRole("button", { name: /^Jobs/ });
const jobProgress = (page: Page) => page.getByRole("progressbar", { name: "Job progress" });
const rowsOfJobs = (page: Page) => page.getByRole("button", { name: "Show Redraw" });

/** The picture on the canvas as it is drawn. */
const canvasPixels = (page: Page) =>
  page
    .locator(".canvas > canvas")
    .first()
    .evaluate((canvas) => (canvas instanceof HTMLCanvasElement ? canvas.toDataURL() : ""));

describe("variations with the shipped model", () => {
  it("arrive coarse to fine together in a grid", async () => {
    const { page } = studio;
    await redrawButton(page).click();
    await grid(page).waitFor();
    expect(await cells(page).count()).toBe(COUNT);
    await expect
      .poll(() => grid(page).locator("canvas").count(), { timeout: JOB_TIMEOUT_MS })
      .toBe(COUNT);
    // All of them are there while the job still runs: nobody waits for the last one.
    expect(await jobProgress(page).count()).toBe(1);
    await screenshot(page, "variations-arriving");
    await waitForResult(page);
    await screenshot(page, "variations-done");
  });

  it("are seen on the canvas while they are pointed at, and chosen by a click", async () => {
    const { page } = studio;
    await page.mouse.move(4, 4);
    const first = await canvasPixels(page);
    await cells(page).nth(2).hover();
    await expect.poll(() => canvasPixels(page)).not.toBe(first);
    const third = await canvasPixels(page);
    await page.mouse.move(4, 4);
    await expect.poll(() => canvasPixels(page)).toBe(first);
    await cells(page).nth(2).click();
    await page.mouse.move(4, 4);
    await expect.poll(() => canvasPixels(page)).toBe(third);
  });

  it("are chosen and compared by keys alone", async () => {
    const { page } = studio;
    await cells(page).nth(2).focus();
    await page.keyboard.press("ArrowRight");
    expect(await chosen(page)).toBe("Variation 4 of 4");
    await page.keyboard.press("Home");
    expect(await chosen(page)).toBe("Variation 1 of 4");
    await page.keyboard.press(".");
    expect(await chosen(page)).toBe("Variation 2 of 4");
    await page.keyboard.press(",");
    await page.keyboard.press("c");
    const divider = page.getByRole("slider", { name: "Before and after divider" });
    await divider.waitFor();
    expect(await page.locator(".side.before").textContent()).toBe("Variation 1");
    expect(await page.locator(".side.after").textContent()).toBe("Variation 2");
    await screenshot(page, "variations-compare");
    await page.keyboard.press(".");
    expect(await page.locator(".side.after").textContent()).toBe("Variation 3");
    await expectAccessible(page);
    await page.keyboard.press("c");
    await divider.waitFor({ state: "hidden" });
  });

  it("lead to more like one of them, from a scale on", async () => {
    const { page } = studio;
    const calls = watchCalls(page, "startJob");
    await resultBar(page).getByRole("button", { name: "More like this" }).click();
    await screenshot(page, "more-like-this");
    await page.getByRole("menuitem", { name: /^32 × 32/ }).click();
    await expect.poll(() => calls.length).toBe(1);
    expect(calls[0]).toMatchObject({ startFrom: { variation: 2, scales: 3 }, variations: COUNT });
    await jobProgress(page).waitFor();
    await waitForResult(page);
    // The one that it came from waits beside it.
    await jobsButton(page).click();
    expect(await rowsOfJobs(page).count()).toBe(2);
    await page.keyboard.press("Escape");
  });

  it("wait in a queue when several jobs are started, and each can be cancelled", async () => {
    const { page } = studio;
    await setVariations(page, MANY);
    for (let job = 0; job < 3; job++) await redrawButton(page).click();
    await jobsButton(page).click();
    await expect.poll(() => page.getByText("Waiting").count()).toBe(2);
    await screenshot(page, "queue");
    await expectAccessible(page);
    const cancels = page.getByRole("button", { name: "Cancel Redraw" });
    expect(await cancels.count()).toBe(3);
    for (const left of [2, 1, 0]) {
      await cancels.last().click();
      await expect.poll(() => cancels.count(), { timeout: JOB_TIMEOUT_MS }).toBe(left);
    }
    // The last one was being drawn: it is over once its step is.
    await expect.poll(() => jobProgress(page).count()).toBe(0);
    await page.keyboard.press("Escape");
  });

  it("let the picture be worked on while a job runs", async () => {
    const { page } = studio;
    // Many take long enough that the job still runs when another mask has been drawn.
    await setVariations(page, MANY);
    await redrawButton(page).click();
    await jobProgress(page).waitFor();
    await page.getByRole("application", { name: "Picture" }).focus();
    await page.keyboard.press("b");
    await page.getByRole("button", { name: "Clear mask" }).click();
    await maskPart(page);
    expect(await redrawButton(page).isEnabled()).toBe(true);
    expect(await resultBar(page).count()).toBe(0);
    await expect
      .poll(() => jobsButton(page).textContent(), { timeout: JOB_TIMEOUT_MS })
      .toContain("3");
    await jobsButton(page).click();
    await expect
      .poll(() => page.getByText("Result waits").count(), { timeout: JOB_TIMEOUT_MS })
      .toBe(3);
    await rowsOfJobs(page).last().click();
    await resultBar(page).waitFor();
  });

  it("are kept by Enter, and results of the state before offer to be drawn again", async () => {
    const { page } = studio;
    // The list of jobs has closed, and the focus is on the picture.
    await page.locator("[data-bits-floating-content-wrapper]").waitFor({ state: "detached" });
    await page.keyboard.press("Enter");
    // The oldest of the others comes up; it was made of the picture as it was.
    await page.getByText("Made from an earlier state of the picture").waitFor();
    await screenshot(page, "stale-result");
    await resultBar(page).getByRole("button", { name: "Draw again" }).waitFor();
    await resultBar(page).getByRole("button", { name: "Discard" }).click();
    await resultBar(page).getByRole("button", { name: "Discard" }).click();
    await resultBar(page).waitFor({ state: "hidden" });
    expect(await page.getByRole("button", { name: "Undo" }).isEnabled()).toBe(true);
  });

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});
