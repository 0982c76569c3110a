import { rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { decodeFrame } from "../../src/shared/framing";
import { dismissTour, dragThrough, pressOnCanvas } from "./mask-helpers";
import {
  openStudio,
  pictureBox,
  resultBar,
  sample,
  screenshot,
  type Studio,
  type StudioOptions,
} from "./studio";

const DEBUG_MODELS = resolve(import.meta.dirname, "../fixtures/bundles");
let studio: Studio;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectral-canvas-"));
});
afterEach(async () => {
  await studio.close();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function open(options: StudioOptions): Promise<Page> {
  studio = await openStudio({ modelsDir: DEBUG_MODELS, ...options });
  const { page } = studio;
  await page.locator(".canvas > .frame").waitFor();
  await dismissTour(page);
  return page;
}

/** A picture of that many pixels whose colours tell where one is. */
async function gradient(width: number, height: number): Promise<string> {
  const path = join(folder, `${width}x${height}.jpg`);
  const small = new Uint8Array(64 * 64 * 3);
  for (let i = 0; i < 64 * 64; i++) small.set([4 * (i % 64), 4 * Math.floor(i / 64), 128], 3 * i);
  const raw = { width: 64, height: 64, channels: 3 as const };
  await sharp(small, { raw })
    .resize(width, height, { fit: "fill", kernel: "linear" })
    .jpeg()
    .toFile(path);
  return path;
}

const zoomText = (page: Page) => page.getByRole("button", { name: /^Zoom \d/ }).textContent();
/** The picture pixel under the mouse, as the status bar tells it. */
async function cursorAt(page: Page): Promise<readonly number[]> {
  const text = await page.getByRole("contentinfo").textContent();
  return (/(\d+), (\d+)/.exec(text ?? "") ?? []).slice(1).map(Number);
}

describe("a large picture", () => {
  it("keeps the middle of a zoomed picture where it is when the window changes, without an error", async () => {
    const page = await open({ picturePath: await gradient(900, 600) });
    const errors: string[] = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    await pressOnCanvas(page, "+");
    const zoom = await zoomText(page);
    const canvas = async () => (await page.locator(".canvas").boundingBox())!;
    const before = await canvas();
    const middle = async () => {
      const { x, y, width, height } = await canvas();
      await page.mouse.move(x + width / 2, y + height / 2);
      return cursorAt(page);
    };
    const [column = 0, row = 0] = await middle();
    await page.setViewportSize({ width: 1000, height: 640 });
    await expect.poll(async () => (await canvas()).width).toBeLessThan(before.width);
    const [laterColumn = 0, laterRow = 0] = await middle();
    expect(Math.abs(laterColumn - column)).toBeLessThanOrEqual(2);
    expect(Math.abs(laterRow - row)).toBeLessThanOrEqual(2);
    expect(await zoomText(page)).toBe(zoom);
    expect(errors).toEqual([]);
  });

  it("sends only the tiles that can be seen, at the level that is shown", async () => {
    const path = await gradient(6000, 4000);
    const tiles: { level: number; column: number; row: number }[] = [];
    const page = await open({ picturePath: sample("flowers-96x64.jpg") });
    page.on("request", (request) => {
      const body = request.url().endsWith("/readTile") ? request.postDataBuffer() : null;
      // The contract's own request; the server has checked it by now.
      if (body !== null) tiles.push(decodeFrame(body) as (typeof tiles)[number]);
    });
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      page.getByRole("button", { name: /^Open/ }).first().click(),
    ]);
    await chooser.setFiles(path);
    await page.getByText("6000 × 4000").first().waitFor({ timeout: 60_000 });
    await page.waitForLoadState("networkidle");
    // Fitted at about 14 %: level 2, six tiles of 2048 pixels, and the whole picture as one.
    expect(tiles.every(({ level }) => level >= 2)).toBe(true);
    expect(tiles.length).toBeLessThanOrEqual(8);
    tiles.length = 0;
    await pressOnCanvas(page, "1");
    await expect.poll(() => tiles.length).toBeGreaterThan(0);
    await page.waitForLoadState("networkidle");
    expect(new Set(tiles.map(({ level }) => level))).toEqual(new Set([0]));
    expect(tiles.length).toBeLessThanOrEqual(9);
    expect(studio.problems).toEqual([]);
  });

  it("keeps the place under the cursor when it is zoomed, by wheel and by pinch", async () => {
    const page = await open({ picturePath: sample("city-at-dusk-2000x1500.jpg") });
    await page.mouse.move(400, 300);
    const before = await cursorAt(page);
    for (let i = 0; i < 8; i++) await page.mouse.wheel(0, -120);
    await expect.poll(() => zoomText(page)).not.toMatch(/^3\d %/);
    const after = await cursorAt(page);
    expect(Math.hypot(after[0]! - before[0]!, after[1]! - before[1]!)).toBeLessThan(4);
    const wheeled = await zoomText(page);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, 20);
    await page.keyboard.up("Control");
    await expect.poll(() => zoomText(page)).not.toBe(wheeled);
    const pinched = await cursorAt(page);
    expect(Math.hypot(pinched[0]! - before[0]!, pinched[1]! - before[1]!)).toBeLessThan(4);
  });

  it("is zoomed by two fingers on a touch screen, without a mark in the mask", async () => {
    const page = await open({ picturePath: sample("tea-garden-1280x853.jpg") });
    const before = parseFloat((await zoomText(page)) ?? "");
    const touch = await page.context().newCDPSession(page);
    const fingers = (gap: number) => [
      { x: 500 - gap, y: 350, id: 1 },
      { x: 500 + gap, y: 350, id: 2 },
    ];
    const [first] = fingers(40);
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [first!] });
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: fingers(40) });
    for (const gap of [60, 90, 120]) {
      await touch.send("Input.dispatchTouchEvent", {
        type: "touchMove",
        touchPoints: fingers(gap),
      });
    }
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await expect
      .poll(async () => parseFloat((await zoomText(page)) ?? "") / before)
      .toBeGreaterThan(2.5);
    expect(await page.getByText("No mask yet").count()).toBe(1);
  });

  it("fits, shows 100 and 200 % by keys, and moves with Space", async () => {
    const page = await open({ picturePath: sample("city-at-dusk-2000x1500.jpg") });
    const fitted = await zoomText(page);
    await pressOnCanvas(page, "1");
    expect(await zoomText(page)).toMatch(/^100/);
    await page.keyboard.press("2");
    expect(await zoomText(page)).toMatch(/^200/);
    const before = await pictureBox(page);
    await page.keyboard.down(" ");
    await page.mouse.move(500, 400);
    await page.mouse.down();
    await page.mouse.move(540, 370, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up(" ");
    const after = await pictureBox(page);
    expect([after.x - before.x, after.y - before.y]).toEqual([40, -30]);
    expect(await page.getByText("No mask yet").count()).toBe(1);
    await page.keyboard.press("0");
    expect(await zoomText(page)).toBe(fitted);
  });
});

describe("around the picture", () => {
  it("shows rulers when asked, a checkerboard behind transparency, and a grid between large pixels", async () => {
    const page = await open({ picturePath: sample("planet-alpha-1200x500.png") });
    expect(await page.locator(".frame.plain").count()).toBe(0);
    const width = () => page.locator(".canvas").evaluate((canvas) => canvas.clientWidth);
    const before = await width();
    await pressOnCanvas(page, "Shift+R");
    await expect.poll(width).toBe(before - 20);
    await page.mouse.move(500, 300);
    await screenshot(page, "canvas-rulers");
    await page.keyboard.press("Shift+R");
    await expect.poll(width).toBe(before);
    await page.mouse.move(600, 380);
    await page.keyboard.press("1");
    for (let i = 0; i < 12; i++) await page.mouse.wheel(0, -160);
    await page.waitForLoadState("networkidle");
    const pixels = () => page.locator(".canvas > canvas").first().screenshot();
    const withGrid = await pixels();
    await screenshot(page, "canvas-pixel-grid");
    await pressOnCanvas(page, "Shift+G");
    await expect.poll(async () => (await pixels()).equals(withGrid)).toBe(false);
    expect(studio.problems).toEqual([]);
  });

  it("draws device pixels on a dense screen, where 100 % is one of them a picture pixel", async () => {
    const page = await open({
      picturePath: sample("tea-garden-1280x853.jpg"),
      deviceScaleFactor: 2,
    });
    await pressOnCanvas(page, "Control+a");
    await page.getByText(/^Mask \d/).waitFor();
    const sizes = await page.locator(".canvas").evaluate((canvas) => ({
      css: canvas.clientWidth,
      device: [...canvas.querySelectorAll("canvas")].slice(0, 2).map(({ width }) => width),
    }));
    expect(sizes.device).toEqual([2 * sizes.css, 2 * sizes.css]);
    await pressOnCanvas(page, "1");
    expect(await zoomText(page)).toMatch(/^100/);
    expect((await pictureBox(page)).width).toBe(640);
  });
});

describe("before and after", () => {
  it("are compared under a divider, side by side in step, and by holding; the mask stays", async () => {
    const page = await open({ picturePath: sample("wren-512x512.jpg") });
    await pressOnCanvas(page, "r");
    await dragThrough(page, [0.3, 0.2], [0.7, 0.6]);
    const mask = await page.getByText(/^Mask \d/).textContent();
    await page.getByRole("button", { name: "Redraw", exact: true }).click();
    await resultBar(page).getByRole("button", { name: "Keep" }).click({ timeout: 120_000 });
    await resultBar(page).waitFor({ state: "hidden" });
    expect(await page.getByText(/^Mask \d/).textContent()).toBe(mask);

    const picture = () => page.locator(".canvas > canvas").first().screenshot();
    await page.keyboard.press("Control+d");
    const after = await picture();
    await page.keyboard.down("Backslash");
    await page.getByText("Original").waitFor();
    expect((await picture()).equals(after)).toBe(false);
    await page.keyboard.up("Backslash");

    await page.keyboard.press("x");
    const divider = page.getByRole("slider", { name: "Before and after divider" });
    await divider.focus();
    await page.keyboard.press("ArrowLeft");
    expect(await divider.getAttribute("aria-valuenow")).toBe("48");
    await screenshot(page, "canvas-split");

    await pressOnCanvas(page, "Shift+X");
    await expect.poll(() => page.locator(".pane .frame").count()).toBe(2);
    await page.mouse.move(700, 400);
    await page.mouse.wheel(0, -240);
    const boxes = await page.locator(".pane .frame").evaluateAll((frames) =>
      frames.map((frame) => {
        const pane = frame.parentElement?.getBoundingClientRect();
        const { left, top, width } = frame.getBoundingClientRect();
        return [Math.round(left - (pane?.left ?? 0)), Math.round(top), Math.round(width)];
      }),
    );
    expect(boxes[0]).toEqual(boxes[1]);
    await screenshot(page, "canvas-side-by-side");
    expect(studio.problems).toEqual([]);
  });
});
