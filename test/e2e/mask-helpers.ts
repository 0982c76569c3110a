import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { pictureBox, pixelsOf, type Pixels } from "./studio";

/** Corners and places as fractions of the picture. */
export type Place = readonly [x: number, y: number];

/** Writes a test picture and gives its path and how to remove it. */
export async function testPicture(
  name: string,
  draw: (at: { x: number; y: number }) => readonly number[],
  { width, height }: { width: number; height: number },
): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "spectral-mask-"));
  const channels = draw({ x: 0, y: 0 }).length;
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    data.set(draw({ x: i % width, y: Math.floor(i / width) }), i * channels);
  }
  const path = join(folder, name);
  const raw = { width, height, channels: channels as 1 | 3 | 4 };
  await sharp(data, { raw }).png().toFile(path);
  return { path, remove: () => rm(folder, { recursive: true }) };
}

/** The tour of the ladder lies over the picture until it is dismissed. */
export async function dismissTour(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Skip the tour" }).press("Enter");
}

/** Drags with the chosen tool through places of the picture. */
export async function dragThrough(page: Page, ...places: readonly Place[]): Promise<void> {
  const box = await pictureBox(page);
  for (const [index, [x, y]] of places.entries()) {
    await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 3 });
    if (index === 0) await page.mouse.down();
  }
  await page.mouse.up();
}

export async function clickAt(page: Page, [x, y]: Place): Promise<void> {
  const box = await pictureBox(page);
  await page.mouse.click(box.x + x * box.width, box.y + y * box.height);
}

/** Chooses a tool by its key, as the canvas's own keys leave it. */
export async function pressOnCanvas(page: Page, ...keys: readonly string[]): Promise<void> {
  await page.getByRole("application", { name: "Picture" }).focus();
  for (const key of keys) await page.keyboard.press(key);
}

/** Does something in the mask's menu and closes it. */
export async function inMaskMenu(page: Page, act: (menu: Page) => Promise<void>): Promise<void> {
  await page.getByRole("button", { name: "Mask options" }).click();
  await act(page);
  await page.keyboard.press("Escape");
  // While it closes, keys are still its own.
  await page.locator("[data-bits-floating-content-wrapper]").waitFor({ state: "detached" });
}

/** The mask as the app saves it. */
export async function savedMask(page: Page): Promise<Pixels> {
  let path = "";
  await inMaskMenu(page, async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export the mask" }).click(),
    ]);
    path = await download.path();
  });
  return pixelsOf(path);
}

/** Value of a mask at a place. */
export function maskAt(mask: Pixels, [x, y]: Place): number {
  const at = Math.floor(y * mask.height) * mask.width + Math.floor(x * mask.width);
  return mask.data[at * mask.channels] ?? -1;
}

/** Share of the picture that is masked at least half. */
export function maskedShare({ data, channels }: Pixels): number {
  let count = 0;
  for (let at = 0; at < data.length; at += channels) if ((data[at] ?? 0) >= 128) count++;
  return (count * channels) / data.length;
}
