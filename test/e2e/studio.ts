import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Browser, Download, Locator, Page } from "playwright-core";
import sharp from "sharp";
import { startServer, type RunningServer } from "../../src/server/start-server";
import { launchChromium } from "../support/chromium";

const root = resolve(import.meta.dirname, "../..");
/** The build to test; another one can be named, for example of work under way. */
const built = resolve(root, process.env["SPECTRAL_OUT"] ?? "out");
/** Where tests leave pictures of what they saw. */
const screenshotsFolder = join(root, "reports/screenshots");

export const sample = (name: string): string => join(root, "assets/samples", name);

/** The built app with the shipped model, in a real browser. */
export interface Studio {
  readonly server: RunningServer;
  readonly page: Page;
  /** Console errors, uncaught exceptions and violations of the content security policy so far. */
  readonly problems: readonly string[];
  /** @throws Error if the page had an exception that nobody caught, whatever the test is about */
  close(): Promise<void>;
}

export interface StudioOptions {
  readonly picturePath?: string;
  readonly modelsDir?: string;
  readonly colorScheme?: "light" | "dark";
  /** Where settings are kept; in memory if it is not told. */
  readonly configDir?: string;
  readonly reducedMotion?: "reduce";
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Device pixels a CSS pixel; 1 by default. */
  readonly deviceScaleFactor?: number;
}

export async function openStudio(options: StudioOptions = {}): Promise<Studio> {
  const server = await startServer({
    port: 0,
    rendererDir: join(built, "renderer"),
    modelsDir: options.modelsDir ?? join(root, "models"),
    childPath: join(built, "engine/child.js"),
    picturePath: options.picturePath ?? null,
    configDir: options.configDir ?? null,
    version: "test",
    log: () => undefined,
  });
  const browser: Browser = await launchChromium();
  const context = await browser.newContext({
    viewport: options.viewport ?? { width: 1280, height: 800 },
    colorScheme: options.colorScheme ?? "dark",
    locale: "en-GB",
    permissions: ["clipboard-read", "clipboard-write"],
    ...(options.reducedMotion ? { reducedMotion: options.reducedMotion } : {}),
    deviceScaleFactor: options.deviceScaleFactor ?? 1,
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  const uncaught: string[] = [];
  page.on("pageerror", ({ message }) => {
    problems.push(message);
    uncaught.push(message);
  });
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await page.goto(server.address);
  await page.getByRole("application", { name: "Picture" }).waitFor();
  return {
    server,
    page,
    problems,
    close: async () => {
      await browser.close();
      await server.close();
      if (uncaught.length > 0) throw new Error(`Uncaught in the page: ${uncaught.join("; ")}`);
    },
  };
}

/** Leaves a picture of the page for people to look at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await mkdir(screenshotsFolder, { recursive: true });
  await page.screenshot({ path: join(screenshotsFolder, `${name}.png`) });
}

/** The part of the page that shows the picture, in CSS pixels. */
export async function pictureBox(page: Page) {
  const box = await page.locator(".canvas > .frame").boundingBox();
  if (box === null) throw new Error("Expected a picture on the canvas but there is none.");
  return box;
}

/** Drags a mask rectangle; corners as fractions of the picture. */
export async function dragRectangle(
  page: Page,
  from: readonly [number, number],
  to: readonly [number, number],
): Promise<void> {
  // A tool belongs to a tab, and the picture's tab replaces the empty one.
  await page.locator(".canvas > .frame").waitFor();
  await page.getByRole("application", { name: "Picture" }).focus();
  await page.keyboard.press("r");
  const box = await pictureBox(page);
  const at = ([x, y]: readonly [number, number]) =>
    [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]), { steps: 4 });
  await page.mouse.move(...at(to), { steps: 4 });
  await page.mouse.up();
}

/** Moves the lock of the scale ladder by its keys. */
export async function lockScales(page: Page, count: number): Promise<void> {
  const lock = page.getByRole("slider", { name: "Lock between kept and redrawn scales" });
  await lock.focus();
  await page.keyboard.press("Home");
  for (let step = 0; step < count; step++) await page.keyboard.press("ArrowDown");
}

/** The bar that offers a finished result. */
export const resultBar = (page: Page): Locator => page.getByRole("group", { name: "Result" });

/** Saves as PNG through the dialog and gives the file's pixels. */
export async function savePng(page: Page) {
  await page.getByRole("button", { name: "Save as" }).click();
  const dialog = page.getByRole("dialog", { name: "Save as" });
  await dialog.getByLabel("Format").click();
  await page.getByRole("option", { name: /PNG/ }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    dialog.getByRole("button", { name: "Save", exact: true }).click(),
  ]);
  return pixelsOfDownload(download);
}

async function pixelsOfDownload(download: Download): Promise<Pixels> {
  return pixelsOf(await download.path());
}

/** Decoded samples, row-major, interleaved. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

export async function pixelsOf(path: string): Promise<Pixels> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { width, height, channels, data };
}

/** The smallest rectangle around all pixels that differ, or null if none does. */
export function differenceBounds(a: Pixels, b: Pixels) {
  let [left, top, right, bottom] = [a.width, a.height, -1, -1];
  for (let index = 0; index < a.data.length; index++) {
    if (a.data[index] === b.data[index]) continue;
    const pixel = Math.floor(index / a.channels);
    const [x, y] = [pixel % a.width, Math.floor(pixel / a.width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return right < 0 ? null : { left, top, right, bottom };
}

/** Blocks of `side` pixels whose sum differs between two pictures of one size. */
export function differingBlocks(a: Pixels, b: Pixels, side: number): number {
  const columns = Math.ceil(a.width / side);
  const sums = new Float64Array(columns * Math.ceil(a.height / side) * a.channels);
  for (let index = 0; index < a.data.length; index++) {
    const pixel = Math.floor(index / a.channels);
    const column = Math.floor((pixel % a.width) / side);
    const row = Math.floor(Math.floor(pixel / a.width) / side);
    const at = (row * columns + column) * a.channels + (index % a.channels);
    sums[at] = (sums[at] ?? 0) + (a.data[index] ?? 0) - (b.data[index] ?? 0);
  }
  return sums.filter((sum) => sum !== 0).length;
}

/** Samples of `small` that are not the exact mean of their block in `large`. */
export function wrongBlockMeans(large: Pixels, small: Pixels, factor: number): number {
  const sums = new Float64Array(small.data.length);
  for (let index = 0; index < large.data.length; index++) {
    const pixel = Math.floor(index / large.channels);
    const x = Math.floor((pixel % large.width) / factor);
    const y = Math.floor(Math.floor(pixel / large.width) / factor);
    const at = (y * small.width + x) * small.channels + (index % large.channels);
    sums[at] = (sums[at] ?? 0) + (large.data[index] ?? 0);
  }
  return sums.filter((sum, at) => sum !== (small.data[at] ?? 0) * factor * factor).length;
}
