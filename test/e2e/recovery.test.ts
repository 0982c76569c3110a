import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { debugModelsDir } from "../engine/debug-bundle";
import { launchChromium } from "../support/chromium";
import { startHostProcess, type HostProcess } from "../support/loopback-host";
import { axeViolations, eventually, dropFiles, tabNames, waitForPicture } from "./document-helpers";
import { dragRectangle, resultBar, sample, screenshot } from "./studio";

const root = resolve(import.meta.dirname, "../..");
const built = resolve(root, process.env["SPECTRAL_OUT"] ?? "out");

let folder: string;
let browser: Browser;
let page: Page;
let host: HostProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectral-recovery-"));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await host.end("SIGKILL");
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Starts the app as a person does, in a fresh browser tab. */
async function startApp(colorScheme: "light" | "dark" = "dark"): Promise<void> {
  host = await startHostProcess({
    rendererDir: join(built, "renderer"),
    modelsDir: debugModelsDir,
    childPath: join(built, "engine/child.js"),
    configDir: folder,
  });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme,
    locale: "en-GB",
  });
  page = await context.newPage();
  await page.goto(host.address.href);
  await page.getByRole("application", { name: "Picture" }).waitFor();
}

async function redrawPart(): Promise<void> {
  await dragRectangle(page, [0.2, 0.2], [0.5, 0.5]);
  await page.getByRole("button", { name: "Redraw", exact: true }).click();
  await resultBar(page).getByRole("button", { name: "Keep" }).click({ timeout: 60_000 });
  await resultBar(page).waitFor({ state: "hidden" });
}

/** Closing the tab or the window asks about changes that are in no file. */
async function expectGuards(): Promise<void> {
  await page.getByRole("button", { name: "Close desert-dune-640x427.png" }).click();
  const dialog = page.getByRole("dialog", { name: "Save the changes first?" });
  await dialog.waitFor();
  await screenshot(page, "unsaved");
  expect(await axeViolations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  const [asked] = await Promise.all([
    page.waitForEvent("dialog"),
    page.close({ runBeforeUnload: true }),
  ]);
  expect(asked.type()).toBe("beforeunload");
  await asked.dismiss();
  expect(await tabNames(page)).toHaveLength(2);
}

describe("after kill -9 of the host", () => {
  it("the next start says plainly what was not closed", async () => {
    await startApp();
    await dropFiles(page, [sample("flowers-96x64.jpg"), sample("desert-dune-640x427.png")]);
    await waitForPicture(page);
    await eventually(() => tabNames(page)).toHaveLength(2);
    await redrawPart();
    await page.getByText("Autosaved", { exact: true }).waitFor();
    await expectGuards();
    await host.end("SIGKILL");

    await startApp();
    const banner = page.getByRole("region", { name: "Recover pictures" });
    await banner.waitFor();
    expect(await banner.innerText()).toContain("2 pictures of last time were not closed");
    await screenshot(page, "recovery-banner");
    expect(await axeViolations(page)).toEqual([]);
    await banner.getByRole("button", { name: "Show them" }).click();
    const dialog = page.getByRole("dialog", { name: "Recover pictures" });
    expect(await dialog.innerText()).toMatch(/desert-dune-640x427\.png\s+640 × 427 · 1 change/);
    expect(await dialog.innerText()).toMatch(/flowers-96x64\.jpg\s+96 × 64 · no changes/);
    await screenshot(page, "recovery-dialog");
    expect(await axeViolations(page)).toEqual([]);
  });

  it("recovers a picture with its whole history, and deletes another for good", async () => {
    const dialog = page.getByRole("dialog", { name: "Recover pictures" });
    await dialog.getByRole("button", { name: "Delete flowers-96x64.jpg" }).click();
    await dialog.getByRole("button", { name: "Recover desert-dune-640x427.png" }).click();
    await dialog.waitFor({ state: "hidden" });
    await waitForPicture(page);
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toContain("desert-dune");
    await page.getByRole("button", { name: "History" }).click();
    const states = page.getByRole("button", { name: /^Go to / });
    await eventually(() => states.count()).toBe(2);
    await eventually(() => page.locator(".history canvas").count()).toBe(2);
    await screenshot(page, "history");
    expect(await axeViolations(page)).toEqual([]);
    await states.first().click();
    await page.keyboard.press("Escape");
    await eventually(() => page.getByRole("button", { name: "Redo" }).isEnabled()).toBe(true);
  });

  it("offers nothing twice, and keeps what is unsaved when the host is ended politely", async () => {
    await page.getByRole("button", { name: "Redo" }).click();
    await page.getByText("Autosaved", { exact: true }).waitFor();
    await host.end("SIGTERM");
    await startApp("light");
    const banner = page.getByRole("region", { name: "Recover pictures" });
    await banner.waitFor();
    expect(await banner.innerText()).toContain("A picture of last time was not closed");
    await screenshot(page, "recovery-banner-light");
    expect(await axeViolations(page)).toEqual([]);
    await banner.getByRole("button", { name: "Recover", exact: true }).click();
    await waitForPicture(page);
    await banner.waitFor({ state: "hidden" });
  });

  it("keeps a mask that was only begun when the host is ended politely", async () => {
    await page.keyboard.press("Alt+w");
    await page.getByRole("button", { name: "Go on without saving" }).click();
    await page
      .getByRole("heading", { level: 1 })
      .filter({ hasText: "desert" })
      .waitFor({ state: "detached" });
    await dropFiles(page, [sample("flowers-96x64.jpg")]);
    await waitForPicture(page);
    await dragRectangle(page, [0.2, 0.2], [0.7, 0.7]);
    const kept = await page.waitForRequest((request) => request.url().endsWith("/keepDraft"));
    await kept.response();
    const mask = await page.getByText(/^Mask \d+ × \d+$/).innerText();
    await host.end("SIGTERM");
    await startApp();
    const banner = page.getByRole("region", { name: "Recover pictures" });
    await banner.getByRole("button", { name: "Recover", exact: true }).click();
    await waitForPicture(page);
    await eventually(() => page.getByText(/^Mask \d+ × \d+$/).innerText()).toBe(mask);
  });
});
