import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JOB_TIMEOUT_MS, maskPart, setVariations, waitForResult, watchCalls } from "./job-helpers";
import { dismissTour } from "./mask-helpers";
import {
  differenceBounds,
  openStudio,
  pixelsOf,
  resultBar,
  sample,
  savePng,
  screenshot,
  type Pixels,
  type Studio,
} from "./studio";

const PHOTO = sample("wren-512x512.jpg");

let studio: Studio;
let original: Pixels;

beforeAll(async () => {
  original = await pixelsOf(PHOTO);
  studio = await openStudio({ picturePath: PHOTO });
  await dismissTour(studio.page);
});
afterAll(async () => {
  await studio.close();
});

const panel = (page: Page, name: string) => page.getByRole("radio", { name, exact: true });
const run = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** The part of a picture, as one of its own. */
function part(picture: Pixels, x: number, y: number, width: number, height: number): Pixels {
  const { channels } = picture;
  const data = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * picture.width + x) * channels;
    data.set(picture.data.subarray(from, from + width * channels), row * width * channels);
  }
  return { width, height, channels, data };
}

describe("the panels with the shipped model", () => {
  it("remove what is masked without a prompt, and change nothing else", async () => {
    const { page } = studio;
    await panel(page, "Remove").click();
    expect(await page.getByRole("textbox", { name: "Prompt", exact: true }).count()).toBe(0);
    expect(await run(page, "Remove").isDisabled()).toBe(true);
    await maskPart(page);
    await setVariations(page, 2);
    const calls = watchCalls(page, "startJob");
    await run(page, "Remove").click();
    await expect.poll(() => calls.length).toBe(1);
    expect(calls[0]).toMatchObject({ mode: "remove", prompt: "", frozenScales: 0, variations: 2 });
    await waitForResult(page);
    await screenshot(page, "removed");
    await resultBar(page).getByRole("button", { name: "Keep" }).click();
    await resultBar(page).waitFor({ state: "hidden" });
    const removed = await savePng(page);
    const bounds = differenceBounds(original, removed);
    // The drag is exact to a screen pixel.
    expect(bounds?.left).toBeGreaterThanOrEqual(0.36 * original.width - 2);
    expect(bounds?.right).toBeLessThanOrEqual(0.47 * original.width + 2);
    original = removed;
  });

  it("extend by formats, numbers, handles and keys; the picture stays bit for bit", async () => {
    const { page } = studio;
    await panel(page, "Extend").click();
    expect(await run(page, "Extend").isDisabled()).toBe(true);
    await page.getByRole("button", { name: "4:3" }).click();
    const left = page.getByRole("spinbutton", { name: "Left" });
    expect(await left.inputValue()).toBe("85");
    await page.getByText("683 × 512", { exact: true }).waitFor();
    await page.getByRole("button", { name: "No margins" }).click();
    const handle = page.getByRole("slider", { name: "Right border" });
    const box = await handle.boundingBox();
    if (box === null) throw new Error("Expected a handle on the canvas.");
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width / 2, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 60, y, { steps: 6 });
    await page.mouse.up();
    const dragged = Number(await handle.getAttribute("aria-valuenow"));
    expect(dragged).toBeGreaterThan(20);
    await handle.focus();
    await page.keyboard.press("ArrowRight");
    expect(Number(await handle.getAttribute("aria-valuenow"))).toBe(dragged + 8);
    await left.fill("16");
    await left.press("Tab");
    await page.getByRole("spinbutton", { name: "Right" }).fill("48");
    await page.getByRole("spinbutton", { name: "Right" }).press("Tab");
    await setVariations(page, 1);
    await screenshot(page, "extend-margins");
    await run(page, "Extend").click();
    await waitForResult(page);
    await resultBar(page).getByText("Extended to 576 × 512").waitFor();
    await screenshot(page, "extended");
    await resultBar(page).getByRole("button", { name: "Keep" }).click();
    await resultBar(page).waitFor({ state: "hidden" });
    const extended = await savePng(page);
    expect([extended.width, extended.height]).toEqual([576, 512]);
    expect(differenceBounds(part(extended, 16, 0, 512, 512), original)).toBeNull();
  });

  it("show what an upscale would make of a chosen part before it is run", async () => {
    const { page } = studio;
    await panel(page, "Upscale").click();
    await page.getByText("known after a preview").waitFor();
    await page.getByRole("button", { name: "Part that is previewed" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("button", { name: "Preview this part" }).click();
    const divider = page.getByRole("slider", { name: "Before and after of the preview" });
    await divider.waitFor({ timeout: JOB_TIMEOUT_MS });
    await divider.press("ArrowLeft");
    expect(await divider.getAttribute("aria-valuenow")).toBe("45");
    await page.getByText(/^about /).waitFor();
    await screenshot(page, "upscale-preview");
  });

  it("upscale to a size of one's own, with its proportions kept", async () => {
    const { page } = studio;
    await panel(page, "Size").click();
    const width = page.getByRole("spinbutton", { name: "Width" });
    await width.fill("500");
    await width.press("Tab");
    expect(await run(page, "Upscale").isDisabled()).toBe(true);
    await page.getByText("Choose a size above the present one").waitFor();
    await width.fill("720");
    await width.press("Tab");
    expect(await page.getByRole("spinbutton", { name: "Height" }).inputValue()).toBe("640");
    const calls = watchCalls(page, "startJob");
    await panel(page, "Fast").click();
    await run(page, "Upscale").click();
    await expect.poll(() => calls.length).toBe(1);
    expect(calls[0]).toMatchObject({ size: { width: 720, height: 640 }, speed: "fast" });
    await waitForResult(page);
    await resultBar(page).getByText("Upscaled to 720 × 640").waitFor();
    await resultBar(page).getByRole("button", { name: "Discard" }).click();
  });

  it("draw a new picture, which opens in a tab of its own", async () => {
    const { page } = studio;
    await page.keyboard.press("Control+g");
    expect(await panel(page, "New").getAttribute("aria-checked")).toBe("true");
    await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("a lake at dusk");
    await run(page, "Draw picture").click();
    await waitForResult(page);
    await screenshot(page, "generated");
    await resultBar(page).getByRole("button", { name: "Keep" }).click();
    await page
      .getByRole("button", { name: /^Close (?!this)/ })
      .nth(1)
      .waitFor();
  });

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});
