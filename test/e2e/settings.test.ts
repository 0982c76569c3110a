import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSettings, themeOf } from "./app-screens";
import { openStudio, sample, screenshot, type Studio } from "./studio";

let studio: Studio;
let configDir: string;

beforeEach(async () => {
  configDir = await mkdtemp(join(tmpdir(), "spectral-config-"));
});

afterEach(async () => {
  await studio.close();
  await rm(configDir, { recursive: true, force: true });
});

describe("settings", () => {
  it("change the theme at once, in every tab, and keep it for the next run", async () => {
    studio = await openStudio({ configDir });
    const { page } = studio;
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByRole("application", { name: "Picture" }).waitFor();
    const dialog = await openSettings(page);
    await dialog.getByRole("radio", { name: "High contrast" }).click();
    await expect.poll(() => themeOf(page)).toBe("high-contrast");
    await expect.poll(() => themeOf(other)).toBe("high-contrast");
    await studio.close();
    studio = await openStudio({ configDir });
    expect(await themeOf(studio.page)).toBe("high-contrast");
    expect(studio.problems).toEqual([]);
  });

  it("show the devices with what became of them, and what the model runs on", async () => {
    studio = await openStudio({ configDir });
    const dialog = await openSettings(studio.page, "Computing");
    await dialog.getByRole("radio", { name: /Automatic/ }).waitFor();
    expect(await dialog.getByRole("radio").count()).toBeGreaterThan(1);
    await dialog.getByText(/^Computing on .+/).waitFor();
    await screenshot(studio.page, "settings-computing");
    const memory = dialog.getByRole("slider", { name: "Memory" });
    await memory.focus();
    await memory.press("End");
    await expect.poll(() => memory.getAttribute("aria-valuetext")).toBe("64 GB");
  });

  it("list the models and say what is wrong with a file that is none", async () => {
    studio = await openStudio({ configDir });
    const { page } = studio;
    const dialog = await openSettings(page, "Models");
    await dialog.getByText("In use").waitFor();
    await screenshot(page, "settings-models");
    const bad = join(configDir, "no-model.zip");
    await writeFile(bad, "This is no archive.");
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      dialog.getByRole("button", { name: "Add a model…" }).click(),
    ]);
    await chooser.setFiles(bad);
    await page.getByRole("alert").filter({ hasText: "Expected" }).waitFor();
  });

  it("remap a shortcut after a warning, by keys alone, and reset it", async () => {
    studio = await openStudio({ configDir, picturePath: sample("tea-garden-1280x853.jpg") });
    const { page } = studio;
    await page.locator(".canvas > .frame").waitFor();
    const dialog = await openSettings(page, "Shortcuts");
    await dialog.getByRole("textbox", { name: "Find a shortcut" }).fill("brush");
    const brush = dialog.getByRole("button", { name: /^Brush: / });
    await brush.focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("e");
    const warning = dialog.getByRole("alert");
    expect(await warning.textContent()).toContain("E belongs to “Eraser”");
    await screenshot(page, "settings-shortcut-conflict");
    await warning.getByRole("button", { name: "Use it here instead" }).click();
    await expect.poll(() => brush.textContent()).toContain("E");
    await page.keyboard.press("Escape");
    const isOn = (name: string) =>
      page.getByRole("button", { name, exact: true }).getAttribute("aria-pressed");
    await page.keyboard.press("h");
    await expect.poll(() => isOn("Brush")).toBe("false");
    await page.keyboard.press("e");
    await expect.poll(() => isOn("Brush")).toBe("true");
    await openSettings(page, "Shortcuts");
    await dialog.getByRole("button", { name: "Reset all shortcuts" }).click();
    await page.keyboard.press("Escape");
    await page.keyboard.press("e");
    await expect.poll(() => isOn("Eraser")).toBe("true");
  });

  it("go back to the first day after a question", async () => {
    studio = await openStudio({ configDir });
    const { page } = studio;
    const dialog = await openSettings(page);
    await dialog.getByRole("radio", { name: "Light" }).click();
    await expect.poll(() => themeOf(page)).toBe("light");
    await dialog.getByRole("tab", { name: "Reset" }).click();
    await dialog.getByRole("button", { name: "Reset all settings" }).click();
    await dialog.getByRole("alert").getByRole("button", { name: "Reset all settings" }).click();
    await expect.poll(() => themeOf(page)).toBeNull();
  });

  it("stand at the defaults for a damaged file, and say so", async () => {
    await writeFile(join(configDir, "settings.json"), '{"theme": "dark", ');
    studio = await openStudio({ configDir });
    await studio.page
      .getByRole("alert")
      .filter({ hasText: "Settings could not be read" })
      .waitFor();
    expect(await themeOf(studio.page)).toBeNull();
  });
});
