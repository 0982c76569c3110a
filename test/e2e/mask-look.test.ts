import { AxeBuilder } from "@axe-core/playwright";
import { afterEach, expect, it } from "vitest";
import { dismissTour, dragThrough, pressOnCanvas } from "./mask-helpers";
import { openStudio, sample, screenshot, type Studio } from "./studio";

let studio: Studio;
afterEach(() => studio.close());

it.each([
  ["dark", { width: 1280, height: 800 }],
  ["light", { width: 1280, height: 800 }],
  ["dark", { width: 1920, height: 1080 }],
  ["light", { width: 1920, height: 1080 }],
] as const)(
  "the tools for masks are accessible, with menu and flyout open: %s at %o",
  async (colorScheme, viewport) => {
    studio = await openStudio({
      colorScheme,
      viewport,
      picturePath: sample("tea-garden-1280x853.jpg"),
    });
    const { page } = studio;
    const name = `${colorScheme}-${viewport.width}`;
    await page.locator(".canvas > .frame").waitFor();
    await dismissTour(page);
    await pressOnCanvas(page, "l");
    await dragThrough(page, [0.3, 0.3], [0.6, 0.2], [0.7, 0.6], [0.4, 0.7]);
    const violations = async () => {
      // What is accessible does not depend on the window's size.
      if (viewport.width > 1280) return [];
      const { violations: found } = await new AxeBuilder({ page }).analyze();
      return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    };
    await page.getByRole("button", { name: "Mask options" }).click();
    await page.getByRole("radio", { name: "Coral" }).hover();
    await screenshot(page, `mask-look-menu-${name}`);
    expect(await violations()).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "More lassos" }).click();
    await screenshot(page, `mask-look-flyout-${name}`);
    expect(await violations()).toEqual([]);
    expect(studio.problems).toEqual([]);
  },
);
