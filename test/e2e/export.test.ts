import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import sharp from "sharp";
import type { Page } from "playwright-core";
import { axeViolations, eventually, waitForPicture } from "./document-helpers";
import { openStudio, sample, screenshot, type Studio } from "./studio";

let folder: string;
let studio: Studio;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectral-export-"));
  const picturePath = join(folder, "spices.jpg");
  // Small, because encoding AVIF takes its time on a slow machine.
  await sharp(sample("spices-display-p3-1024x1024.jpg"))
    .keepIccProfile()
    .resize(256)
    .withExif({ IFD0: { Copyright: "Ada" } })
    .jpeg({ quality: 95 })
    .toFile(picturePath);
  studio = await openStudio({ picturePath });
  await waitForPicture(studio.page);
  await studio.page.keyboard.press("Control+s");
});
afterAll(async () => {
  await studio.close();
  await rm(folder, { recursive: true, force: true });
});

const dialogOf = (page: Page) => page.getByRole("dialog", { name: "Save as" });

async function choose(page: Page, field: string, option: RegExp): Promise<void> {
  await dialogOf(page).getByLabel(field, { exact: true }).click();
  await page.getByRole("option", { name: option }).click();
}

/** The size that the dialog tells, once it is measured. */
async function toldSize(page: Page): Promise<string> {
  const size = dialogOf(page).locator("dd").first();
  await eventually(() => size.innerText(), { timeout: 30_000 }).toMatch(/exactly$/);
  return size.innerText();
}

async function save(page: Page): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    dialogOf(page).getByRole("button", { name: "Save", exact: true }).click(),
  ]);
  await dialogOf(page).waitFor({ state: "detached" });
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

describe("the export dialog", () => {
  it("tells size, depth, profile and print size before anything is saved", async () => {
    const { page } = studio;
    await toldSize(page);
    const text = await dialogOf(page).innerText();
    expect(text).toContain("256 × 256 · 8 bits a channel · Colour profile kept");
    expect(text).toContain("2.2 × 2.2 cm (0.9 × 0.9 in)");
    await choose(page, "Print size", /600 dpi/);
    expect(await dialogOf(page).innerText()).toContain("1.1 × 1.1 cm");
    await screenshot(page, "export-dialog");
    expect(await axeViolations(page)).toEqual([]);
  });

  it("measures the size anew for another quality, and saves exactly that", async () => {
    const { page } = studio;
    const before = await toldSize(page);
    const quality = dialogOf(page).getByRole("slider", { name: "Quality" });
    await quality.focus();
    await page.keyboard.press("Home");
    await eventually(() => toldSize(page), { timeout: 30_000 }).not.toBe(before);
    const told = await toldSize(page);
    await dialogOf(page).getByLabel("File name").fill("tiny.photo");
    const { name, bytes } = await save(page);
    expect(name).toBe("tiny.photo.jpg");
    expect(told).toBe(`${Math.round(bytes.byteLength / 1024)} kB exactly`);
    const metadata = await sharp(bytes).metadata();
    expect(metadata.icc).toBeDefined();
    expect(metadata.exif?.toString("latin1")).toContain("Ada");
  });

  it.each([
    ["TIFF", "tiff", /\.tiff$/],
    ["AVIF", "heif", /\.avif$/],
    ["WebP", "webp", /\.webp$/],
    ["PNG", "png", /\.png$/],
  ])("writes %s with the profile", async (label, format, extension) => {
    const { page } = studio;
    await page.keyboard.press("Control+s");
    await choose(page, "Format", new RegExp(label));
    await choose(page, "Metadata of the photo", /^None/);
    const { name, bytes } = await save(page);
    expect(name).toMatch(extension);
    const metadata = await sharp(bytes).metadata();
    expect(metadata.format).toBe(format);
    expect(metadata.icc).toBeDefined();
    // Some encoders write EXIF of their own, about nothing but the pixels.
    expect(metadata.exif?.toString("latin1") ?? "").not.toContain("Ada");
  });

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});
