import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  differenceBounds,
  differingBlocks,
  dragRectangle,
  lockScales,
  openStudio,
  pixelsOf,
  resultBar,
  sample,
  savePng,
  screenshot,
  wrongBlockMeans,
  type Pixels,
  type Studio,
} from "./studio";

const PHOTO = sample("wren-512x512.jpg");
/** Scales 0 and 1 of 5 kept at native resolution: blocks of 2^(4 - 1) pixels keep their means. */
const FROZEN_SCALES = 2;
const FROZEN_BLOCK_PX = 8;
/** Small enough to be redrawn at native resolution. */
const MASK = { from: [0.36, 0.24], to: [0.47, 0.35] } as const;
const JOB_TIMEOUT_MS = 120_000;

let studio: Studio;
let original: Pixels;
let edited: Pixels;

beforeAll(async () => {
  original = await pixelsOf(PHOTO);
  studio = await openStudio({ picturePath: PHOTO });
});
afterAll(async () => {
  await studio.close();
});

async function waitForResult(): Promise<void> {
  await resultBar(studio.page).waitFor({ timeout: JOB_TIMEOUT_MS });
}

describe("the main job on a real photo with the shipped model", () => {
  it("masks a region and locks the coarse scales", async () => {
    const { page } = studio;
    const run = page.getByRole("button", { name: "Redraw", exact: true });
    expect(await run.isDisabled()).toBe(true);
    await dragRectangle(page, MASK.from, MASK.to);
    await lockScales(page, FROZEN_SCALES);
    const lock = page.getByRole("slider", { name: "Lock between kept and redrawn scales" });
    expect(await lock.getAttribute("aria-valuetext")).toMatch(/^2 of 5 scales kept/);
    await page.getByRole("textbox", { name: "Prompt" }).fill("green leaves in the sun");
    await page.getByRole("textbox", { name: "Seed" }).fill("7");
    await page.getByRole("textbox", { name: "Seed" }).press("Tab");
    expect(await run.isEnabled()).toBe(true);
    await screenshot(page, "1-mask-and-ladder");
  });

  it("shows the edit arriving from coarse to fine", async () => {
    const { page } = studio;
    await page.getByRole("button", { name: "Redraw", exact: true }).click();
    const film = page.getByRole("region", { name: "Coarse to fine" });
    const frames = film.getByRole("button", { name: /^Preview at/ });
    await frames.first().waitFor({ timeout: JOB_TIMEOUT_MS });
    await screenshot(page, "2-coarse-to-fine");
    await waitForResult();
    expect(await frames.count()).toBe(5 - FROZEN_SCALES);
    await screenshot(page, "3-result");
  });

  it("tries again with another seed, and keeps the result", async () => {
    const { page } = studio;
    const seed = await page.getByRole("textbox", { name: "Seed" }).inputValue();
    await resultBar(page).getByRole("button", { name: "Try again" }).click();
    await page.getByRole("progressbar", { name: "Job progress" }).waitFor();
    await waitForResult();
    expect(await page.getByRole("textbox", { name: "Seed" }).inputValue()).not.toBe(seed);
    await resultBar(page).getByRole("button", { name: "Keep" }).click();
    await resultBar(page).waitFor({ state: "hidden" });
  });

  it("saves a picture whose pixels outside of the mask and frozen bands are the original's", async () => {
    edited = await savePng(studio.page);
    expect([edited.width, edited.height]).toEqual([original.width, original.height]);
    const bounds = differenceBounds(original, edited);
    // The screen shows the picture at another scale: the drag is exact to a screen pixel.
    const slack = 2;
    expect(bounds?.left).toBeGreaterThanOrEqual(MASK.from[0] * original.width - slack);
    expect(bounds?.top).toBeGreaterThanOrEqual(MASK.from[1] * original.height - slack);
    expect(bounds?.right).toBeLessThanOrEqual(MASK.to[0] * original.width + slack);
    expect(bounds?.bottom).toBeLessThanOrEqual(MASK.to[1] * original.height + slack);
    expect(differingBlocks(original, edited, FROZEN_BLOCK_PX)).toBe(0);
  });

  it("goes back to the original and forth again", async () => {
    const { page } = studio;
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => page.getByRole("button", { name: "Redo" }).isEnabled()).toBe(true);
    expect(differenceBounds(original, await savePng(page))).toBeNull();
    await page.getByRole("button", { name: "Redo" }).click();
    await expect.poll(() => page.getByRole("button", { name: "Redo" }).isEnabled()).toBe(false);
    expect(differenceBounds(edited, await savePng(page))).toBeNull();
  });

  it("upscales, and the result contains the picture it came from", async () => {
    const { page } = studio;
    await page.getByRole("radio", { name: "Upscale" }).click();
    await page.getByRole("radio", { name: "×2" }).click();
    await screenshot(page, "4-upscale");
    await page.getByRole("button", { name: "Upscale", exact: true }).click();
    await waitForResult();
    await screenshot(page, "5-upscaled");
    // As the bar says; the button that was clicked is still where the focus is, and turned off.
    await page.keyboard.press("Enter");
    await resultBar(page).waitFor({ state: "hidden" });
    const large = await savePng(page);
    expect([large.width, large.height]).toEqual([1024, 1024]);
    expect(wrongBlockMeans(large, edited, 2)).toBe(0);
  });

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});
