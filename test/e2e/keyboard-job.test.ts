import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./document-helpers";
import { JOB_TIMEOUT_MS, watchCalls } from "./job-helpers";
import { expectFocus, press, tabTo } from "./keyboard-helpers";
import {
  differenceBounds,
  openStudio,
  pixelsOf,
  resultBar,
  sample,
  screenshot,
  wrongBlockMeans,
  type Pixels,
  type Studio,
} from "./studio";

// From here on nothing but keys: whatever else is called only reads what the screen shows.

const PHOTO = sample("wren-512x512.jpg");
const PROMPT = "green leaves in the sun";
const CANVAS = "Picture";
const LOCK = "Lock between kept and redrawn scales";

let studio: Studio;
let original: Pixels;
let mask: Pixels;
let edited: Pixels;

beforeAll(async () => {
  original = await pixelsOf(PHOTO);
  studio = await openStudio({ picturePath: PHOTO });
  await studio.page.locator(".canvas > .frame").waitFor();
  await studio.page.getByRole("region", { name: "Short tour" }).waitFor();
});
afterAll(async () => {
  await studio.close();
});

const status = (page: Page) => page.getByRole("contentinfo", { name: "Status" });

async function waitForResult(page: Page): Promise<void> {
  await resultBar(page).waitFor({ timeout: JOB_TIMEOUT_MS });
}

/** What is downloaded by pressing keys. */
async function downloadBy(page: Page, ...keys: readonly string[]): Promise<Pixels> {
  const [download] = await Promise.all([page.waitForEvent("download"), press(page, ...keys)]);
  return pixelsOf(await download.path());
}

/** Runs a command of the palette, found by its words. */
async function openPaletteFor(page: Page, words: string): Promise<void> {
  await press(page, "Control+k");
  await page.getByRole("combobox", { name: "Find a command" }).waitFor();
  await page.keyboard.type(words);
}

/** Saves as PNG through the dialog, which is left with the focus where it was before. */
async function savePngByKeys(page: Page): Promise<Pixels> {
  await press(page, "Control+s");
  await page.getByRole("dialog", { name: "Save as" }).waitFor();
  await expectFocus(page, "Save");
  await tabTo(page, "Format");
  await press(page, "Enter");
  await page.getByRole("option", { name: /PNG/ }).waitFor();
  await page.keyboard.type("PNG");
  await press(page, "Enter");
  await expectFocus(page, "Format");
  await tabTo(page, "Save");
  const pixels = await downloadBy(page, "Enter");
  await page.getByRole("dialog", { name: "Save as" }).waitFor({ state: "detached" });
  return pixels;
}

/** Pixels that differ although nothing of the mask lies on them. */
function changedOutside(before: Pixels, after: Pixels, masked: Pixels): number {
  let count = 0;
  for (let pixel = 0; pixel < before.width * before.height; pixel++) {
    if (masked.data[pixel * masked.channels] !== 0) continue;
    for (let channel = 0; channel < before.channels; channel++) {
      const at = pixel * before.channels + channel;
      if (before.data[at] !== after.data[at]) count++;
    }
  }
  return count;
}

describe("the main job by keys alone", () => {
  it("leaves the tour, and is on the picture", async () => {
    const { page } = studio;
    await tabTo(page, "Skip the tour");
    await screenshot(page, "keys-tour");
    await press(page, "Enter");
    await expectFocus(page, CANVAS);
    await screenshot(page, "keys-canvas");
  });

  it("masks a part and gives it a soft rim", async () => {
    const { page } = studio;
    await press(page, "r", ["ArrowLeft", 3], ["ArrowUp", 3], "Shift+ArrowUp", "Enter");
    await press(page, ["ArrowRight", 3], ["ArrowDown", 3]);
    await screenshot(page, "keys-rectangle");
    await press(page, "Enter");
    await status(page)
      .getByText(/^Mask \d+ × \d+$/)
      .waitFor();
    const drawn = await status(page).getByText(/^Mask/).textContent();
    await press(page, "Alt+BracketRight");
    await eventually(() => status(page).getByText(/^Mask/).textContent()).not.toBe(drawn);
    await press(page, "Shift+F6");
    await expectFocus(page, CANVAS);
    await openPaletteFor(page, "export the mask");
    await screenshot(page, "keys-palette");
    mask = await downloadBy(page, "Enter");
    await expectFocus(page, CANVAS);
    expect([mask.width, mask.height]).toEqual([512, 512]);
    expect(new Set(mask.data).size).toBeGreaterThan(2);
    expect(mask.data[0]).toBe(0);
  });

  it("locks the coarse scales, by the lock's own keys and from anywhere", async () => {
    const { page } = studio;
    const lock = page.getByRole("slider", { name: LOCK });
    await tabTo(page, LOCK);
    await press(page, "Home", "ArrowDown", "ArrowDown", "ArrowDown");
    expect(await lock.getAttribute("aria-valuenow")).toBe("3");
    await press(page, "Alt+ArrowUp");
    expect(await lock.getAttribute("aria-valuenow")).toBe("2");
    await expectFocus(page, LOCK);
    await screenshot(page, "keys-lock");
  });

  it("asks for two variations with a prompt, and sees them arrive from coarse to fine", async () => {
    const { page } = studio;
    await tabTo(page, "Variations");
    await press(page, "ArrowUp");
    await tabTo(page, "Prompt", "Shift+Tab");
    await page.keyboard.type(PROMPT);
    await screenshot(page, "keys-prompt");
    const calls = watchCalls(page, "startJob");
    await press(page, "Enter");
    await eventually(() => calls.length).toBe(1);
    expect(calls[0]).toMatchObject({ prompt: PROMPT, frozenScales: 2, variations: 2 });
    const film = page.getByRole("region", { name: "Coarse to fine" });
    const frames = film.getByRole("button", { name: /^Preview at/ });
    await frames.first().waitFor({ timeout: JOB_TIMEOUT_MS });
    await expectFocus(page, "Prompt");
    await waitForResult(page);
    await expectFocus(page, "Prompt");
    expect(await frames.count()).toBe(3);
  });

  it("goes among the variations and keeps one", async () => {
    const { page } = studio;
    await tabTo(page, /^Variation 1 of 2$/, "Shift+Tab");
    await press(page, "ArrowRight");
    await expectFocus(page, /^Variation 2 of 2$/);
    await screenshot(page, "keys-variations");
    await press(page, "Enter");
    await resultBar(page).waitFor({ state: "detached" });
    await expectFocus(page, CANVAS);
  });

  it("takes it back and forth, and stays on a button that has nothing more to do", async () => {
    const { page } = studio;
    const undo = page.getByRole("button", { name: "Undo" });
    await tabTo(page, "Undo", "Shift+Tab");
    await press(page, "Enter");
    await eventually(() => undo.isDisabled()).toBe(true);
    await expectFocus(page, "Undo");
    await screenshot(page, "keys-undo");
    // It does nothing now, but is no dead end either.
    await press(page, "Enter", "Control+Shift+Z");
    await eventually(() => undo.isDisabled()).toBe(false);
    await expectFocus(page, "Undo");
    await press(page, "Control+z");
    await eventually(() => undo.isDisabled()).toBe(true);
    expect(differenceBounds(original, await savePngByKeys(page))).toBeNull();
    // A button that is off cannot have the focus back.
    await expectFocus(page, CANVAS);
    await press(page, "Control+y");
    await eventually(() => undo.isDisabled()).toBe(false);
  });

  it("looks at single pixels, and at the whole again", async () => {
    const { page } = studio;
    const zoom = status(page).getByText(/ %$/);
    const fitted = await zoom.textContent();
    await press(page, "1");
    await eventually(() => zoom.textContent()).toBe("100 %");
    await press(page, "0");
    await eventually(() => zoom.textContent()).toBe(fitted);
    await expectFocus(page, CANVAS);
  });

  it("saves a picture in which nothing outside of the mask has changed", async () => {
    const { page } = studio;
    edited = await savePngByKeys(page);
    await expectFocus(page, CANVAS);
    expect(differenceBounds(original, edited)).not.toBeNull();
    expect(changedOutside(original, edited, mask)).toBe(0);
  });

  it("upscales twofold, quickly, and saves what contains the picture", async () => {
    const { page } = studio;
    await press(page, "Alt+5");
    await tabTo(page, "Upscale");
    await tabTo(page, "×2");
    await tabTo(page, "Best");
    await press(page, "ArrowRight", "Space");
    await expectFocus(page, "Fast");
    await tabTo(page, "Preview this part");
    await press(page, "Enter");
    await page.getByRole("region", { name: "Preview" }).getByText("After").waitFor();
    await expectFocus(page, "Preview this part");
    await screenshot(page, "keys-upscale");
    await tabTo(page, "Upscale");
    const calls = watchCalls(page, "startJob");
    await press(page, "Enter");
    await eventually(() => calls.length).toBe(1);
    expect(calls[0]).toMatchObject({ kind: "upscale", factor: 2, speed: "fast" });
    await waitForResult(page);
    await expectFocus(page, "Upscale");
    await tabTo(page, "Keep", "Shift+Tab");
    await screenshot(page, "keys-keep");
    await press(page, "Enter");
    await resultBar(page).waitFor({ state: "detached" });
    await expectFocus(page, CANVAS);
    const large = await savePngByKeys(page);
    expect([large.width, large.height]).toEqual([1024, 1024]);
    expect(wrongBlockMeans(large, edited, 2)).toBe(0);
  });

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});
