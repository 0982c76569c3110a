import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  axeViolations,
  eventually,
  openPictures,
  tabNames,
  waitForPicture,
} from "./document-helpers";
import { maskPart, redrawButton, setVariations, waitForResult } from "./job-helpers";
import { dismissTour } from "./mask-helpers";
import { openStudio, resultBar, sample, screenshot, type Studio } from "./studio";

let studio: Studio;
/** A second window of the same host. */
let second: Page;

beforeAll(async () => {
  studio = await openStudio({ picturePath: sample("wren-512x512.jpg") });
  await dismissTour(studio.page);
});
afterAll(async () => {
  await studio.close();
});

const prompt = (page: Page) => page.getByRole("textbox", { name: "Prompt", exact: true });
/** How many scales of the job the film strip has a picture of. */
const shownScales = (page: Page) => page.getByRole("button", { name: /^Preview at / }).count();
const maskText = (page: Page) => page.getByText(/^Mask \d+ × \d+$/);

describe("a page that is loaded again", () => {
  it("finds the job that is under way, its mask and its fields", async () => {
    const { page } = studio;
    await maskPart(page);
    const mask = await maskText(page).innerText();
    await prompt(page).fill("green leaves");
    const isKept = page.waitForResponse((response) => response.url().endsWith("/keepDraft"));
    await setVariations(page, 6);
    await isKept;
    await redrawButton(page).click();
    await page.getByRole("button", { name: "Cancel" }).waitFor();
    const asked = page.waitForEvent("dialog");
    const reloaded = page.reload();
    const question = await asked;
    expect(question.type()).toBe("beforeunload");
    await question.accept();
    await reloaded;
    await waitForPicture(page);
    await eventually(() => prompt(page).inputValue()).toBe("green leaves");
    expect(await maskText(page).innerText()).toBe(mask);
    await screenshot(page, "reloaded-in-mid-job");
    await waitForResult(page);
    await eventually(() => resultBar(page).innerText()).toContain("of 6");
  });

  it("asks before the tab of a picture with an undecided result is closed", async () => {
    const { page } = studio;
    await page.keyboard.press("Alt+w");
    const dialog = page.getByRole("dialog", { name: "Close while something waits?" });
    await dialog.waitFor();
    await screenshot(page, "unfinished");
    expect(await axeViolations(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Stay" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(await resultBar(page).isVisible()).toBe(true);
  });

  it("shares pictures and results with a second window", async () => {
    const { page, problems } = studio;
    second = await page.context().newPage();
    await second.goto(new URL("/", page.url()).href);
    await waitForPicture(second);
    await resultBar(second).waitFor();
    // Of the scales both have seen the same: one before it was loaded again, the other all of them.
    await eventually(() => shownScales(second)).toBeGreaterThan(0);
    expect(await shownScales(second)).toBe(await shownScales(page));
    await screenshot(second, "second-window");
    await resultBar(page).getByRole("button", { name: "Keep" }).click();
    await resultBar(second).waitFor({ state: "detached" });
    await second.getByText("Autosaved").waitFor();
    await openPictures(second, [sample("flowers-96x64.jpg")]);
    await eventually(() => tabNames(second)).toHaveLength(2);
    await second.getByRole("button", { name: "Close wren-512x512.jpg" }).click();
    await second.getByRole("button", { name: "Go on without saving" }).click();
    await page.getByText("wren-512x512.jpg was closed in another window").waitFor();
    await screenshot(page, "closed-elsewhere");
    expect(problems).toEqual([]);
  });
});
