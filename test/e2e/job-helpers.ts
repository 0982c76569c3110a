import AxeBuilder from "@axe-core/playwright";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { expect } from "vitest";
import { decodeFrame } from "../../src/shared/framing";
import { dragRectangle, pictureBox, resultBar } from "./studio";

/** Real models draw on whatever processor there is. */
export const JOB_TIMEOUT_MS = 120_000;

/** Masks a part that is redrawn at native resolution. */
export async function maskPart(page: Page): Promise<void> {
  await dragRectangle(page, [0.36, 0.24], [0.47, 0.35]);
}

export const redrawButton = (page: Page) =>
  page.getByRole("button", { name: "Redraw", exact: true });

export async function setVariations(page: Page, count: number): Promise<void> {
  const field = page.getByRole("spinbutton", { name: "Variations" });
  await field.fill(String(count));
  await field.press("Tab");
}

export async function waitForResult(page: Page): Promise<void> {
  await resultBar(page).waitFor({ timeout: JOB_TIMEOUT_MS });
}

/** Requests of one method that the page sends from now on, as the host reads them. */
export function watchCalls(page: Page, method: string): readonly unknown[] {
  const calls: unknown[] = [];
  page.on("request", (request) => {
    const body = request.postDataBuffer();
    if (request.url().endsWith(`/${method}`) && body !== null) calls.push(decodeFrame(body));
  });
  return calls;
}

/** How many different colours the lower left of the picture has, where nothing ever lies over it. */
export async function coloursOnCanvas(page: Page): Promise<number> {
  const { x, y, width, height } = await pictureBox(page);
  const clip = { x: x + 2, y: y + height * 0.55, width: width * 0.4, height: height * 0.3 };
  const { data, info } = await sharp(await page.screenshot({ clip }))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const colours = new Set<number>();
  for (let at = 0; at < data.length; at += info.channels) {
    colours.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
  }
  return colours.size;
}

/** Fails if the page as it is breaks a rule of accessibility. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}
