import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { debugModelsDir } from "../engine/debug-bundle";
import { axeViolations, eventually, openPictures, unzip, waitForPicture } from "./document-helpers";
import { redrawButton, waitForResult } from "./job-helpers";
import { dismissTour } from "./mask-helpers";
import { dragRectangle, openStudio, resultBar, sample, screenshot, type Studio } from "./studio";

let folder: string;
let studio: Studio;
/** The project as it was saved, and the mask that was begun. */
let project: Buffer;
let mask: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectral-project-"));
  const picturePath = sample("wren-512x512.jpg");
  studio = await openStudio({ picturePath, modelsDir: debugModelsDir, colorScheme: "light" });
  await waitForPicture(studio.page);
  await dismissTour(studio.page);
});
afterAll(async () => {
  await studio.close();
  await rm(folder, { recursive: true, force: true });
});

const maskText = (page: Page) => page.getByText(/^Mask \d+ × \d+$/);
const prompt = (page: Page) => page.getByRole("textbox", { name: "Prompt", exact: true });

async function states(page: Page): Promise<(string | null)[]> {
  await page.getByRole("button", { name: "History" }).click();
  const buttons = page.getByRole("button", { name: /^Go to / });
  await buttons.first().waitFor();
  const labels = await buttons.evaluateAll((all) => all.map((one) => one.ariaLabel));
  await eventually(() => page.locator(".history canvas").count()).toBe(labels.length);
  return labels;
}

describe("a project", () => {
  it("is saved from the dialog, which says what it keeps", async () => {
    const { page } = studio;
    await prompt(page).fill("a red bird");
    await dragRectangle(page, [0.2, 0.2], [0.45, 0.45]);
    await redrawButton(page).click();
    await waitForResult(page);
    await resultBar(page).getByRole("button", { name: "Keep" }).click();
    await resultBar(page).waitFor({ state: "hidden" });
    // What is begun and not done yet is part of the project, too.
    await page.keyboard.press("Control+d");
    await dragRectangle(page, [0.5, 0.5], [0.8, 0.75]);
    mask = await maskText(page).innerText();
    const isKept = page.waitForResponse((response) => response.url().endsWith("/keepDraft"));
    await prompt(page).fill("a stone wall");
    await isKept;
    await page.keyboard.press("Control+s");
    const dialog = page.getByRole("dialog", { name: "Save as" });
    await dialog.getByLabel("Format", { exact: true }).click();
    await page.getByRole("option", { name: /OpenRaster/ }).click();
    await dialog.getByText(/whole history/).waitFor();
    await dialog.getByText(/exactly$/).waitFor({ timeout: 60_000 });
    await screenshot(page, "project-dialog");
    expect(await axeViolations(page)).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      dialog.getByRole("button", { name: "Save", exact: true }).click(),
    ]);
    await dialog.waitFor({ state: "detached" });
    expect(download.suggestedFilename()).toBe("wren-512x512.ora");
    const stream = await download.createReadStream();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    project = Buffer.concat(chunks);
    const files = await unzip(project);
    expect([...files.keys()].slice(0, 3)).toEqual(["mimetype", "stack.xml", "mergedimage.png"]);
    expect(files.get("stack.xml")?.toString()).toContain('name="Edit: a red bird"');
  });

  it("opens with its history, its mask and its fields, and goes on from there", async () => {
    const { page } = studio;
    await page.getByRole("application", { name: "Picture" }).focus();
    // Saved, so nothing is asked.
    await page.keyboard.press("Alt+w");
    await page.locator(".canvas > .frame").waitFor({ state: "detached" });
    const path = join(folder, "wren.ora");
    await writeFile(path, project);
    await openPictures(page, [path]);
    await waitForPicture(page);
    await eventually(() => prompt(page).inputValue()).toBe("a stone wall");
    expect(await maskText(page).innerText()).toBe(mask);
    expect(await states(page)).toEqual(["Go to wren.ora", "Go to a red bird"]);
    await screenshot(page, "project-opened");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Undo" }).click();
    await eventually(() => page.getByRole("button", { name: "Redo" }).isEnabled()).toBe(true);
    await page.getByRole("button", { name: "Redo" }).click();
    await eventually(() => redrawButton(page).isEnabled()).toBe(true);
  });

  it("is cropped to the mask and turned by keys, and both are taken back", async () => {
    const { page } = studio;
    const heading = () => page.getByRole("heading", { level: 1 }).locator("..").innerText();
    const [, width = "", height = ""] = /(\d+) × (\d+)/.exec(mask) ?? [];
    await page.getByRole("application", { name: "Picture" }).focus();
    await page.keyboard.press("Shift+KeyC");
    await eventually(heading).toContain(`${width} × ${height}`);
    await page.keyboard.press("Control+BracketLeft");
    await eventually(heading).toContain(`${height} × ${width}`);
    await screenshot(page, "cropped-and-turned");
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press("Control+z");
    await eventually(heading).toContain(`${width} × ${height}`);
    await page.keyboard.press("Control+z");
    await eventually(heading).toContain("512 × 512");
  });

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});
