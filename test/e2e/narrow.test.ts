import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  expectAccessible,
  maskPart,
  redrawButton,
  setVariations,
  waitForResult,
} from "./job-helpers";
import { dismissTour } from "./mask-helpers";
import { openStudio, resultBar, sample, screenshot, type Studio } from "./studio";

/** The smallest window of the desktop app, and a telephone. */
const WINDOWS = [
  { width: 900, height: 600 },
  { width: 420, height: 800 },
];

/** Keys of tools, and an option that only they have. */
const TOOLS = [
  ["b", "Hardness"],
  ["w", "Tolerance"],
  ["r", "How the next shape meets the mask"],
] as const;

let studio: Studio;

beforeAll(async () => {
  studio = await openStudio({
    picturePath: sample("street-sunset-1365x768.jpg"),
    viewport: WINDOWS[0] ?? { width: 900, height: 600 },
  });
  const { page } = studio;
  await dismissTour(page);
  await maskPart(page);
  await setVariations(page, 2);
});
afterAll(async () => {
  await studio.close();
});

/** Names of those that a click in their middle does not reach. */
const outOfReach = (places: Locator) =>
  places.evaluateAll((elements) =>
    elements
      .filter((element) => {
        const { left, top, width, height } = element.getBoundingClientRect();
        const hit = document.elementFromPoint(left + width / 2, top + height / 2);
        return !element.contains(hit);
      })
      .map((element) => element.getAttribute("aria-label") ?? element.textContent),
  );

const options = (page: Page) => page.getByRole("group", { name: "Tool options" });
const frames = (page: Page) => page.getByRole("region", { name: "Coarse to fine" });

describe("a narrow window", () => {
  it.each(WINDOWS)("of $width pixels keeps every tool's options in reach", async (size) => {
    const { page } = studio;
    await page.setViewportSize(size);
    for (const [key, option] of TOOLS) {
      await page.keyboard.press(key);
      await options(page).getByLabel(option).first().waitFor();
      expect(await options(page).getByRole("slider").count()).toBeGreaterThan(0);
      expect(await outOfReach(options(page).locator("button, [role=slider]"))).toEqual([]);
    }
    await screenshot(page, `narrow-${size.width}`);
    await expectAccessible(page);
  });

  it.each(WINDOWS)(
    "of $width pixels shows all scales, and what to do with a result",
    async (size) => {
      const { page } = studio;
      await page.setViewportSize(size);
      await redrawButton(page).click();
      await waitForResult(page);
      await screenshot(page, `narrow-result-${size.width}`);
      for (const name of ["Keep", "Try again", "More like this", "Discard"]) {
        await resultBar(page).getByRole("button", { name, exact: true }).waitFor();
      }
      expect(await outOfReach(resultBar(page).getByRole("button"))).toEqual([]);
      expect(await outOfReach(frames(page).getByRole("listitem").locator("button"))).toEqual([]);
      await expectAccessible(page);
      await resultBar(page).getByRole("button", { name: "Discard" }).click();
    },
  );

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});
