import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { chooseFromMenu, openSettings } from "./app-screens";
import { browserLooks } from "./browser-looks";
import { openStudio, sample, screenshot, type Studio } from "./studio";

/** The panels, in the order of their keys. */
const MODES = ["edit", "remove", "extend", "generate", "upscale"] as const;
const THEMES = ["light", "dark", "high-contrast"] as const;

let studio: Studio;
afterEach(() => studio.close());

async function violations(page: Page): Promise<string[]> {
  const result = await new AxeBuilder({ page }).analyze();
  return result.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** Each screen of the app itself: how to get there from the editor. */
const screens: readonly (readonly [string, (page: Page) => Promise<unknown>])[] = [
  ["settings-appearance", (page) => openSettings(page)],
  ["settings-computing", (page) => openSettings(page, "Computing")],
  ["settings-models", (page) => openSettings(page, "Models")],
  ["settings-shortcuts", (page) => openSettings(page, "Shortcuts")],
  ["settings-reset", (page) => openSettings(page, "Reset")],
  ["palette", (page) => page.keyboard.press("Control+k")],
  ["menu", (page) => page.getByRole("button", { name: "Menu", exact: true }).click()],
  ["shortcuts", (page) => page.keyboard.press("F1")],
  ["about", (page) => chooseFromMenu(page, "App", "About Spectral Studio")],
  ["licences", (page) => chooseFromMenu(page, "App", "Licences")],
  ["log", (page) => chooseFromMenu(page, "App", "Log")],
];

describe.each(THEMES)("the %s theme", (theme) => {
  it("has no accessibility violations and no browser's look on any screen of the app", async () => {
    studio = await openStudio({
      picturePath: sample("tea-garden-1280x853.jpg"),
      viewport: theme === "dark" ? { width: 1920, height: 1080 } : { width: 1280, height: 800 },
      reducedMotion: "reduce",
    });
    const { page } = studio;
    await page.locator(".canvas > .frame").waitFor();
    await page.keyboard.press("Control+k");
    const name = { light: "Theme: Light", dark: "Theme: Dark", "high-contrast": "Theme: High" };
    await page.getByRole("combobox").fill(name[theme]);
    await page.keyboard.press("Enter");
    await expect
      .poll(() => page.evaluate(() => document.documentElement.dataset["theme"]))
      .toBe(theme);
    await screenshot(page, `editor-${theme}`);
    const check = async () => [...(await violations(page)), ...(await browserLooks(page))];
    const found: Record<string, string[]> = {};
    for (const [index, mode] of MODES.entries()) {
      await page.keyboard.press(`Alt+Digit${index + 1}`);
      await page.locator(`.mode[data-state=on][data-value=${mode}]`).waitFor();
      found[mode] = await check();
    }
    await page.keyboard.press("Alt+Digit1");
    for (const [screen, open] of screens) {
      await open(page);
      await page.locator("[role=dialog], [role=menu]").first().waitFor();
      await expect.poll(() => page.getByText(/^(?:Looking for devices|Reading)$/).count()).toBe(0);
      await screenshot(page, `${screen}-${theme}`);
      found[screen] = await check();
      while ((await page.locator("[role=dialog], [role=menu]").count()) > 0) {
        await page.keyboard.press("Escape");
        await page.waitForTimeout(50);
      }
    }
    const bad = Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0));
    expect(bad).toEqual({});
    expect(studio.problems).toEqual([]);
  });
});

describe("the keyboard", () => {
  it("shows where the focus is, on every control that Tab reaches", async () => {
    studio = await openStudio({ picturePath: sample("tea-garden-1280x853.jpg") });
    const { page } = studio;
    await page.locator(".canvas > .frame").waitFor();
    const unseen: string[] = [];
    for (let step = 0; step < 30; step++) {
      await page.keyboard.press("Tab");
      const hidden = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return null;
        // A ring may also be drawn over what the element holds.
        const isSeen = [null, "::after"].some((part) => {
          const style = getComputedStyle(element, part);
          const isOutlined = style.outlineStyle !== "none" && style.outlineWidth !== "0px";
          const isFramed =
            part !== null && style.borderStyle !== "none" && style.content !== "none";
          return isOutlined || isFramed || style.boxShadow !== "none";
        });
        return isSeen ? null : element.outerHTML.slice(0, 120);
      });
      if (hidden !== null) unseen.push(hidden);
    }
    expect(unseen).toEqual([]);
  });

  it("keeps still for who asked for less motion", async () => {
    studio = await openStudio({ reducedMotion: "reduce" });
    const { page } = studio;
    await openSettings(page);
    const moving = await page.evaluate(() =>
      [...document.querySelectorAll("*")]
        .filter((element) => {
          const { transitionDuration, animationDuration } = getComputedStyle(element);
          return [transitionDuration, animationDuration].some(
            (text) => Number.parseFloat(text) > 0.05,
          );
        })
        .map((element) => element.outerHTML.slice(0, 100)),
    );
    expect(moving).toEqual([]);
  });
});
