import { afterEach, describe, expect, it } from "vitest";
import { chooseFromMenu, themeOf } from "./app-screens";
import { openStudio, sample, screenshot, type Studio } from "./studio";

let studio: Studio;
afterEach(() => studio.close());

describe("the command palette", () => {
  it("finds a command by its words and runs it, by keys alone", async () => {
    studio = await openStudio();
    const { page } = studio;
    await page.keyboard.press("Control+k");
    const search = page.getByRole("combobox", { name: "Find a command" });
    await search.fill("light th");
    await screenshot(page, "palette");
    await page.keyboard.press("Enter");
    await expect.poll(() => themeOf(page)).toBe("light");
    await page.keyboard.press("Control+Shift+P");
    await search.fill("xyzzy");
    await page.getByText("No command has these words").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => search.count()).toBe(0);
    expect(studio.problems).toEqual([]);
  });

  it("offers only what is possible, and opens dialogs that take the focus", async () => {
    studio = await openStudio();
    const { page } = studio;
    await page.keyboard.press("Control+k");
    const options = page.getByRole("option");
    await options.first().waitFor();
    expect(await options.filter({ hasText: "Save as" }).count()).toBe(0);
    await page.getByRole("combobox").fill("settings");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Settings" });
    await dialog.waitFor();
    await expect
      .poll(() => dialog.evaluate((element) => element.contains(document.activeElement)))
      .toBe(true);
  });
});

describe("the menu button", () => {
  it("holds every group, shows shortcuts, and runs what is chosen", async () => {
    studio = await openStudio({ picturePath: sample("tea-garden-1280x853.jpg") });
    const { page } = studio;
    await page.locator(".canvas > .frame").waitFor();
    await page.getByRole("button", { name: "Menu", exact: true }).click();
    await page.getByRole("menuitem", { name: "View", exact: true }).hover();
    const actual = page.getByRole("menuitem", { name: /^Actual size/ });
    expect(await actual.textContent()).toContain("1");
    await screenshot(page, "menu");
    await actual.click();
    await page.getByRole("button", { name: "Zoom 100 %" }).waitFor();
  });

  it("leads to shortcuts, about, licences and the log, whose diagnostics tell no names", async () => {
    studio = await openStudio({ picturePath: sample("tea-garden-1280x853.jpg") });
    const { page } = studio;
    await chooseFromMenu(page, "App", "Keyboard shortcuts");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).getByText("Undo").waitFor();
    await screenshot(page, "shortcuts");
    await page.keyboard.press("Escape");

    await chooseFromMenu(page, "App", "About Spectral Studio");
    const about = page.getByRole("dialog", { name: "About" });
    await about.getByText("Version test").waitFor();
    await screenshot(page, "about");
    await about.getByRole("button", { name: "Licences" }).click();
    const licences = page.getByRole("region", { name: "Licence texts" });
    await licences.waitFor();
    expect(await licences.textContent()).toMatch(
      /onnxruntime-node[^]*Permission is hereby granted/,
    );
    await screenshot(page, "licences");
    await page.keyboard.press("Escape");

    await chooseFromMenu(page, "App", "Log");
    await page.getByRole("region", { name: "Log lines" }).waitFor();
    await screenshot(page, "log");
    await page.getByRole("button", { name: "Copy diagnostics" }).click();
    await page.getByRole("status").filter({ hasText: "on the clipboard" }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toContain("version test");
    expect(copied).not.toMatch(/tea-garden|\/assets\/|\/home\//);
    expect(studio.problems).toEqual([]);
  });
});
