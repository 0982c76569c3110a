import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { coloursOnCanvas, expectAccessible, maskPart } from "./job-helpers";
import { dismissTour } from "./mask-helpers";
import { lockScales, openStudio, sample, screenshot, type Studio } from "./studio";

const PHOTO = sample("wren-512x512.jpg");

const lock = (page: Page) =>
  page.getByRole("slider", { name: "Lock between kept and redrawn scales" });
const rungs = (page: Page) => page.getByRole("button", { name: /^(Keep up to|Redraw from) / });

/** Width, height and number of different colours of every rung's picture. */
async function rungPictures(page: Page) {
  await expect.poll(() => page.locator(".rung canvas").count()).toBe(5);
  return page.locator(".rung canvas").evaluateAll((canvases) =>
    canvases.map((canvas) => {
      if (!(canvas instanceof HTMLCanvasElement)) throw new Error("Expected a canvas.");
      const { width, height } = canvas;
      const data = canvas.getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
      const colours = new Set<string>();
      for (let at = 0; at < data.length; at += 4) {
        colours.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
      }
      return { width, height, colours: colours.size };
    }),
  );
}

describe("the tour", () => {
  it("explains by the picture itself, can be dismissed, and does not come back", async () => {
    const configDir = await mkdtemp(join(tmpdir(), "spectral-tour-"));
    const studio = await openStudio({ picturePath: PHOTO, configDir });
    const { page } = studio;
    try {
      const tour = page.getByRole("region", { name: "Short tour" });
      await tour.waitFor();
      // The picture is built up on the canvas: few colours at first, then more and more.
      await expect.poll(() => coloursOnCanvas(page), { timeout: 20_000 }).toBeLessThan(40);
      await expect.poll(() => coloursOnCanvas(page), { timeout: 20_000 }).toBeGreaterThan(1_000);
      await screenshot(page, "tour-1");
      await tour.getByRole("button", { name: "Next" }).press("Enter");
      await tour.getByText("The lock decides what stays").waitFor();
      await expectAccessible(page);
      await screenshot(page, "tour-2");
      await page.keyboard.press("Escape");
      await tour.waitFor({ state: "hidden" });
      await page.reload();
      await rungs(page).first().waitFor();
      await page.locator(".canvas > .frame").waitFor();
      expect(await tour.count()).toBe(0);
      await page.getByRole("button", { name: "Explain the scales" }).click();
      await tour.waitFor();
      expect(studio.problems).toEqual([]);
    } finally {
      await studio.close();
      await rm(configDir, { recursive: true });
    }
  });

  it("plays nothing for a person who wants no motion", async () => {
    const studio = await openStudio({ picturePath: PHOTO, reducedMotion: "reduce" });
    try {
      await studio.page.getByRole("region", { name: "Short tour" }).waitFor();
      await rungPictures(studio.page);
      expect(await studio.page.locator(".rung.peeked").count()).toBe(0);
    } finally {
      await studio.close();
    }
  });
});

describe("the scale ladder", () => {
  let studio: Studio;

  beforeAll(async () => {
    studio = await openStudio({ picturePath: PHOTO });
    await dismissTour(studio.page);
  });
  afterAll(async () => {
    await studio.close();
  });

  it("has a rung a scale, each with the picture as far as that scale", async () => {
    const { page } = studio;
    const pictures = await rungPictures(page);
    expect(pictures.map(({ width }) => width)).toEqual([8, 16, 32, 64, 128]);
    const colours = pictures.map((picture) => picture.colours);
    expect(colours).toEqual(colours.toSorted((a, b) => a - b));
    expect(await page.getByText("Whole picture").count()).toBe(1);
  });

  it("shows a scale on the canvas while a rung is pointed at, or focused by keys", async () => {
    const { page } = studio;
    const whole = await coloursOnCanvas(page);
    await rungs(page).first().hover();
    await expect.poll(() => coloursOnCanvas(page)).toBeLessThan(40);
    const coarsest = await coloursOnCanvas(page);
    await screenshot(page, "ladder-peek");
    await page.mouse.move(4, 4);
    await expect.poll(() => coloursOnCanvas(page)).toBeGreaterThan(whole * 0.9);
    // Shift+Tab from the lock leads to the last rung; back to the first one.
    await lock(page).focus();
    for (let step = 0; step < 5; step++) await page.keyboard.press("Shift+Tab");
    await expect.poll(() => coloursOnCanvas(page)).toBe(coarsest);
    await page.keyboard.press("Tab");
    await expect.poll(() => coloursOnCanvas(page)).toBeGreaterThan(coarsest);
    await lock(page).focus();
    await expect.poll(() => coloursOnCanvas(page)).toBeGreaterThan(whole * 0.9);
  });

  it("shows what each scale adds by itself, if asked", async () => {
    const { page } = studio;
    const toggle = page.getByRole("button", { name: "Show what each scale adds by itself" });
    await toggle.click();
    await expect
      .poll(async () => (await rungPictures(page)).map(({ width }) => width))
      .toEqual([8, 16, 32, 64, 128]);
    await screenshot(page, "ladder-alone");
    await toggle.click();
  });

  it("has a lock that is dragged or moved by keys, and says what is kept", async () => {
    const { page } = studio;
    await lockScales(page, 2);
    const names = () => rungs(page).evaluateAll((all) => all.map((rung) => rung.textContent));
    expect((await names()).map((name) => name.includes("Kept"))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    const from = await lock(page).boundingBox();
    const to = await rungs(page).nth(3).boundingBox();
    if (from === null || to === null) throw new Error("Expected the lock and its rungs.");
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(from.x + from.width / 2, to.y + to.height, { steps: 6 });
    await page.mouse.up();
    expect(await lock(page).getAttribute("aria-valuenow")).toBe("4");
    await page.keyboard.press("Alt+ArrowUp");
    expect(await lock(page).getAttribute("aria-valuenow")).toBe("3");
    await rungs(page).nth(1).click();
    expect(await lock(page).getAttribute("aria-valuenow")).toBe("1");
  });

  it("gives a region another lock than the rest of the picture", async () => {
    const { page } = studio;
    await lockScales(page, 2);
    await maskPart(page);
    await page.getByText("Region 128 × 128").waitFor();
    const pictures = await rungPictures(page);
    expect(pictures.map(({ width }) => width)).toEqual([8, 16, 32, 64, 128]);
    await lockScales(page, 4);
    await page.getByText("A lock for this mask only").waitFor();
    await screenshot(page, "ladder-own-lock");
    await page.getByRole("button", { name: "Clear mask" }).click();
    expect(await lock(page).getAttribute("aria-valuenow")).toBe("2");
    await maskPart(page);
    await lockScales(page, 3);
    await page.getByRole("button", { name: "Use this lock for the whole picture" }).click();
    await page.getByRole("button", { name: "Clear mask" }).click();
    expect(await lock(page).getAttribute("aria-valuenow")).toBe("3");
  });

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});

describe.each([
  { width: 1280, height: 800, colorScheme: "dark" },
  { width: 1920, height: 1080, colorScheme: "light" },
] as const)("panels at $width x $height, $colorScheme", ({ width, height, colorScheme }) => {
  it("break no rule of accessibility", async () => {
    const studio = await openStudio({
      picturePath: PHOTO,
      viewport: { width, height },
      colorScheme,
    });
    const { page } = studio;
    try {
      await dismissTour(page);
      await maskPart(page);
      await page.getByRole("button", { name: "Advanced" }).click();
      await page.getByRole("button", { name: "By scale" }).click();
      for (const mode of ["Redraw", "Remove", "Extend", "New", "Upscale"]) {
        await page.getByRole("radio", { name: mode }).click();
        await screenshot(page, `panel-${mode.toLowerCase()}-${width}-${colorScheme}`);
        await expectAccessible(page);
      }
      expect(studio.problems).toEqual([]);
    } finally {
      await studio.close();
    }
  });
});
