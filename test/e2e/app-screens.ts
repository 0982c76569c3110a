import type { Locator, Page } from "playwright-core";

/** Chooses an entry of the menu button, such as `App`, `Settings`. */
export async function chooseFromMenu(page: Page, group: string, entry: string): Promise<void> {
  await page.getByRole("button", { name: "Menu", exact: true }).click();
  await page.getByRole("menuitem", { name: group, exact: true }).click();
  await page.getByRole("menuitem", { name: entry }).click();
}

/** Opens the settings at one of their tabs. */
export async function openSettings(page: Page, tab = "Appearance"): Promise<Locator> {
  await page.keyboard.press("Control+Comma");
  const dialog = page.getByRole("dialog", { name: "Settings" });
  await dialog.getByRole("tab", { name: tab }).click();
  return dialog;
}

/** The value of a setting as the host keeps it. */
export const themeOf = (page: Page): Promise<string | null> =>
  page.evaluate(() => document.documentElement.dataset["theme"] ?? null);
