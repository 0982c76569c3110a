import type { Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "./document-helpers";
import { expectFocus, focusOf, press, tabTo } from "./keyboard-helpers";
import { openStudio, sample, screenshot, type Studio } from "./studio";

const CANVAS = "Picture";

let studio: Studio;
afterEach(() => studio.close());

/** The editor with a picture and its tour, which a new person sees. */
async function openEditor(colorScheme: "light" | "dark" = "dark"): Promise<Page> {
  studio = await openStudio({ picturePath: sample("wren-512x512.jpg"), colorScheme });
  await studio.page.getByRole("region", { name: "Short tour" }).waitFor();
  return studio.page;
}

async function skipTour(page: Page): Promise<void> {
  await tabTo(page, "Skip the tour");
  await press(page, "Enter");
  await expectFocus(page, CANVAS);
}

describe("the focus stays on the screen", () => {
  it("goes into the tour that was asked for, and back again", async () => {
    const page = await openEditor("light");
    await skipTour(page);
    await tabTo(page, "Explain the scales");
    await press(page, "Enter");
    await expectFocus(page, "Next");
    await screenshot(page, "focus-tour-light");
    await press(page, "Escape");
    await expectFocus(page, "Explain the scales");
    expect(studio.problems).toEqual([]);
  });

  it("goes from part to part of the screen by one key, round, and back by another", async () => {
    const page = await openEditor();
    await skipTour(page);
    const reached: string[] = [];
    for (let step = 0; step < 6; step++) {
      await press(page, "F6");
      const { name } = await focusOf(page);
      await expectFocus(page, name);
      reached.push(name);
    }
    expect(new Set(reached).size).toBe(reached.length);
    expect(reached.at(-1)).toBe(CANVAS);
    for (const name of reached.slice(0, -1).reverse()) {
      await press(page, "Control+Shift+F6");
      await expectFocus(page, name);
    }
  });

  it("goes to the panel that is shown instead of the one that it was in", async () => {
    const page = await openEditor("light");
    await skipTour(page);
    await tabTo(page, "Lock between kept and redrawn scales");
    await press(page, "Alt+5");
    await expectFocus(page, "Upscale");
    await screenshot(page, "focus-panel-light");
    await tabTo(page, "×2");
    await press(page, "Alt+1");
    await expectFocus(page, "Redraw");
  });

  it("stays on a button at the end of its range, and leaves it out of the way later", async () => {
    const page = await openEditor("light");
    await skipTour(page);
    await tabTo(page, "More variations");
    const fewer = page.getByRole("button", { name: "Fewer variations" });
    await press(page, "Enter", "Shift+Tab", "Shift+Tab");
    await expectFocus(page, "Fewer variations");
    await press(page, "Enter");
    expect(await fewer.isDisabled()).toBe(true);
    await expectFocus(page, "Fewer variations");
    await screenshot(page, "focus-turned-off-light");
    await press(page, "Enter", "Space");
    expect(await page.getByRole("spinbutton", { name: "Variations" }).inputValue()).toBe("1");
    await press(page, "Tab", "Shift+Tab");
    expect((await focusOf(page)).name).not.toBe("Fewer variations");
  });

  it("comes back from each dialog and menu to where it was", async () => {
    const page = await openEditor();
    await skipTour(page);
    for (const keys of ["Control+s", "Control+Comma", "F1", "Control+k", "Control+Shift+KeyU"]) {
      await press(page, keys);
      await page.getByRole("dialog").waitFor();
      await eventually(async () => (await focusOf(page)).name).not.toBe(CANVAS);
      await press(page, "Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await expectFocus(page, CANVAS);
    }
    await tabTo(page, "Menu");
    await press(page, "Enter");
    await page.getByRole("menu").waitFor();
    await press(page, "Escape");
    await expectFocus(page, "Menu");
  });

  it("goes to the picture when what it was on leaves the screen", async () => {
    const page = await openEditor();
    await skipTour(page);
    await press(page, "Control+s");
    await expectFocus(page, "Save");
    await Promise.all([page.waitForEvent("download"), press(page, "Enter")]);
    await page.getByText(/^Saved as/).waitFor();
    await expectFocus(page, CANVAS);
    await tabTo(page, "Close");
    await press(page, "Enter");
    await expectFocus(page, CANVAS);
    await press(page, "Control+a");
    await tabTo(page, "Clear mask", "Shift+Tab");
    await press(page, "Enter");
    await expectFocus(page, "Clear mask");
    // The next picture's screen is another one, down to its buttons; here it is an empty one.
    await press(page, "Alt+w");
    await page.getByText("No mask yet").waitFor({ state: "detached" });
    await expectFocus(page, CANVAS);
    expect(studio.problems).toEqual([]);
  });
});
