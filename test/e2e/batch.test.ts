import { readFile } from "node:fs/promises";
import type { Download, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { debugModelsDir } from "../engine/debug-bundle";
import { axeViolations, eventually, dropFiles, tabNames, unzip } from "./document-helpers";
import { openStudio, sample, screenshot, type Studio } from "./studio";

let studio: Studio;
const downloads: Download[] = [];

beforeAll(async () => {
  studio = await openStudio({ modelsDir: debugModelsDir });
  studio.page.on("download", (download) => downloads.push(download));
});
afterAll(async () => {
  await studio.close();
});

const windowOf = (page: Page) => page.getByRole("dialog", { name: "Batch upscale" });
const rowsOf = (page: Page) => windowOf(page).locator("ul > li");

async function states(page: Page): Promise<string[]> {
  return rowsOf(page).locator("strong").allInnerTexts();
}

/** A small picture with a colour of its own. */
const picture = (red: number, side = 40) =>
  sharp({ create: { width: side, height: side, channels: 3, background: { r: red, g: 9, b: 9 } } })
    .png()
    .toBuffer();

describe("the batch window", () => {
  it("is opened by its shortcut and says what it is for", async () => {
    const { page } = studio;
    await page.keyboard.press("Control+Shift+KeyU");
    await windowOf(page).getByText("No pictures yet").waitFor();
    await screenshot(page, "batch-empty");
    expect(await axeViolations(page)).toEqual([]);
  });

  it("takes dropped files into its list and opens none of them as a tab", async () => {
    const { page } = studio;
    const photo = await readFile(sample("flowers-96x64.jpg"));
    await dropFiles(page, [
      { name: "a.png", bytes: await picture(10) },
      { name: "cut.jpg", bytes: photo.subarray(0, 900) },
      { name: "a.png", bytes: await picture(200, 44) },
      { name: "letter.txt", bytes: Buffer.from("Dear editor") },
      { name: "flowers.jpg", bytes: photo },
      { name: "flowers.jpg", bytes: photo },
    ]);
    await eventually(() => states(page)).toEqual([
      "Waiting",
      "Waiting",
      "Waiting",
      "Waiting",
      "Waiting",
      "Skipped",
    ]);
    expect(await tabNames(page)).toEqual([]);
  });

  it("works through all of them; bad files fail with their reason", async () => {
    const { page } = studio;
    await windowOf(page).getByRole("button", { name: "Start" }).click();
    await eventually(() => states(page), { timeout: 120_000 }).toEqual([
      "Done",
      "Failed",
      "Done",
      "Failed",
      "Done",
      "Skipped",
    ]);
    await eventually(() => windowOf(page).innerText()).toContain("3 of 6 done");
    expect(await rowsOf(page).nth(1).innerText()).toMatch(/ends early|damaged/);
    expect(await rowsOf(page).nth(3).innerText()).toContain("Expected a PNG");
    await screenshot(page, "batch-done");
    expect(await axeViolations(page)).toEqual([]);
    await eventually(() => downloads.length).toBe(3);
    const names = downloads.map((download) => download.suggestedFilename());
    expect(names).toEqual(["a.png", "a (2).png", "flowers.jpg"]);
    const large = await sharp(await downloads[1]!.path()).metadata();
    expect([large.width, large.height]).toEqual([88, 88]);
  });

  it("gives one zip file, for a chosen size, of what is tried again", async () => {
    const { page } = studio;
    const dialog = windowOf(page);
    await dialog.getByRole("radio", { name: "To a size" }).click();
    await dialog.getByLabel("Longest side in pixels", { exact: true }).fill("192");
    await dialog.getByLabel("Longest side in pixels", { exact: true }).press("Tab");
    await dialog.getByLabel("Results go to", { exact: true }).click();
    await page.getByRole("option", { name: /One zip file/ }).click();
    await dialog.getByRole("button", { name: "Remove finished" }).click();
    await dropFiles(page, [
      { name: "b.png", bytes: await picture(50, 96) },
      { name: "b.png", bytes: await picture(90, 48) },
      { name: "large.png", bytes: await picture(70, 300) },
    ]);
    const [download] = await Promise.all([
      page.waitForEvent("download", { timeout: 120_000 }),
      dialog.getByRole("button", { name: "Start" }).click(),
    ]);
    expect(await states(page)).toEqual(["Failed", "Failed", "Skipped", "Done", "Done", "Skipped"]);
    expect(await rowsOf(page).last().innerText()).toContain("as large as that already");
    expect(download.suggestedFilename()).toBe("upscaled.zip");
    const files = await unzip(await readFile(await download.path()));
    expect([...files.keys()]).toEqual(["b.png", "b (2).png"]);
    for (const bytes of files.values()) expect((await sharp(bytes).metadata()).width).toBe(192);
  });

  it("survives the engine's death and can be stopped and go on", async () => {
    const { page, server } = studio;
    const dialog = windowOf(page);
    await dialog.getByRole("button", { name: "Try 2 again" }).click();
    await dropFiles(page, [sample("desert-dune-640x427.png"), sample("wren-512x512.jpg")]);
    await dialog.getByLabel("Longest side in pixels", { exact: true }).fill("2000");
    await dialog.getByLabel("Longest side in pixels", { exact: true }).press("Tab");
    await dialog.getByRole("button", { name: /Start|Go on/ }).click();
    await eventually(() => states(page), { timeout: 60_000 }).toContain("Running");
    const running = rowsOf(page).filter({ hasText: "desert-dune" });
    await eventually(() => running.innerText(), { timeout: 60_000 }).toContain("Upscaling");
    const pid = server.enginePid();
    if (pid === undefined) throw new Error("Expected a running engine but there is none.");
    process.kill(pid, "SIGKILL");
    await eventually(() => running.innerText(), { timeout: 120_000 }).toContain("Done");
    const last = rowsOf(page).filter({ hasText: "wren" });
    await eventually(() => last.innerText(), { timeout: 60_000 }).toContain("Running");
    await screenshot(page, "batch-running");
    await dialog.getByRole("button", { name: "Stop all" }).click();
    await eventually(() => last.innerText(), { timeout: 60_000 }).toContain("Stopped");
    await dialog.getByRole("button", { name: "Try wren-512x512.jpg again" }).click();
    await dialog.getByRole("button", { name: "Go on" }).click();
    await eventually(() => last.innerText(), { timeout: 120_000 }).toContain("Done");
  });

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});
