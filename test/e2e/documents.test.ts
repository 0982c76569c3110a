import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  axeViolations,
  eventually,
  dropFiles,
  openPictures,
  tabNames,
  waitForPicture,
} from "./document-helpers";
import { dragRectangle, openStudio, sample, screenshot, type Studio } from "./studio";

const WREN = sample("wren-512x512.jpg");
const DUNE = sample("desert-dune-640x427.png");
const OTTER = sample("otter-1024x683.webp");

let studio: Studio;

beforeAll(async () => {
  studio = await openStudio({ picturePath: WREN });
});
afterAll(async () => {
  await studio.close();
});

describe("several pictures", () => {
  it("open each in a tab of its own, by the dialog and by dropping", async () => {
    const { page } = studio;
    await waitForPicture(page);
    await openPictures(page, [DUNE]);
    await page.getByRole("navigation", { name: "Open pictures" }).waitFor();
    await dropFiles(page, [OTTER, sample("flowers-96x64.jpg")]);
    await eventually(() => tabNames(page)).toEqual([
      "wren-512x512.jpg",
      "desert-dune-640x427.png",
      "otter-1024x683.webp",
      "flowers-96x64.jpg",
    ]);
    await screenshot(page, "documents-tabs");
    expect(await axeViolations(page)).toEqual([]);
  });

  it("keep each its own mask, prompt and place", async () => {
    const { page } = studio;
    const tab = (name: string) => page.getByRole("button", { name, exact: true });
    await tab("wren-512x512.jpg").click();
    await waitForPicture(page);
    await dragRectangle(page, [0.3, 0.3], [0.6, 0.6]);
    await page.getByRole("textbox", { name: "Prompt" }).fill("a robin");
    const run = page.getByRole("button", { name: "Redraw", exact: true });
    expect(await run.isEnabled()).toBe(true);
    await tab("desert-dune-640x427.png").click();
    await waitForPicture(page);
    expect(await page.getByRole("textbox", { name: "Prompt" }).inputValue()).toBe("");
    expect(await run.isDisabled()).toBe(true);
    await tab("wren-512x512.jpg").click();
    expect(await page.getByRole("textbox", { name: "Prompt" }).inputValue()).toBe("a robin");
    expect(await run.isEnabled()).toBe(true);
  });

  it("are reached, moved and closed by keys", async () => {
    const { page } = studio;
    await page.getByRole("button", { name: "wren-512x512.jpg", exact: true }).focus();
    await page.keyboard.press("ArrowRight");
    await eventually(() => page.getByRole("heading", { level: 1 }).innerText()).toContain(
      "desert-dune",
    );
    await page.keyboard.press("Shift+ArrowRight");
    await eventually(async () => (await tabNames(page)).slice(0, 3)).toEqual([
      "wren-512x512.jpg",
      "otter-1024x683.webp",
      "desert-dune-640x427.png",
    ]);
    await page.keyboard.press("Delete");
    await eventually(() => tabNames(page)).toHaveLength(3);
    await page.keyboard.press("Alt+PageUp");
    await page.keyboard.press("Alt+KeyW");
    await eventually(() => tabNames(page)).toHaveLength(2);
  });

  it("are moved by dragging and closed by the middle button", async () => {
    const { page } = studio;
    await openPictures(page, [DUNE]);
    await eventually(() => tabNames(page)).toHaveLength(3);
    const names = await tabNames(page);
    const first = page.getByRole("button", { name: names[0] ?? "", exact: true });
    const last = page.getByRole("button", { name: names[2] ?? "", exact: true });
    const from = await first.boundingBox();
    const to = await last.boundingBox();
    if (from === null || to === null) throw new Error("Expected two tabs.");
    await page.mouse.move(from.x + 20, from.y + 10);
    await page.mouse.down();
    await page.mouse.move(to.x + to.width, to.y + 10, { steps: 8 });
    await page.mouse.up();
    expect(await tabNames(page)).toEqual([names[1], names[2], names[0]]);
    await page
      .getByRole("button", { name: names[1] ?? "", exact: true })
      .click({ button: "middle" });
    await eventually(() => tabNames(page)).toEqual([names[2], names[0]]);
  });

  it("are there again after the page was loaded again", async () => {
    const { page } = studio;
    const before = [...(await tabNames(page))].sort();
    // What was begun, such as a mask, is kept a second after the last change.
    await page.waitForTimeout(2_000);
    await page.reload();
    await eventually(async () => [...(await tabNames(page))].sort()).toEqual(before);
  });
});

describe("the clipboard", () => {
  it("gives the picture with its own size, and takes one as a new picture", async () => {
    const { page } = studio;
    await page.getByRole("button", { name: "wren-512x512.jpg", exact: true }).click();
    await waitForPicture(page);
    await page.getByRole("application", { name: "Picture" }).focus();
    // The mask of before came back with the page.
    await page.getByText(/^Mask \d+ × \d+$/).waitFor();
    await page.keyboard.press("Control+d");
    await page.keyboard.press("Control+c");
    await page.getByText("Picture copied").waitFor({ timeout: 20_000 });
    const size = await page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      const bitmap = await createImageBitmap(await item!.getType("image/png"));
      return [bitmap.width, bitmap.height];
    });
    expect(size).toEqual([512, 512]);
    const count = (await tabNames(page)).length;
    await page.keyboard.press("Control+v");
    await eventually(async () => (await tabNames(page)).length).toBe(count + 1);
  });

  it("gives what is masked alone, transparent around it", async () => {
    const { page } = studio;
    await page.getByRole("button", { name: "wren-512x512.jpg", exact: true }).click();
    await waitForPicture(page);
    await dragRectangle(page, [0.25, 0.25], [0.5, 0.5]);
    await page.getByRole("application", { name: "Picture" }).focus();
    await page.keyboard.press("Control+c");
    await page.getByText("Masked part copied").waitFor({ timeout: 20_000 });
    const width = await page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      return (await createImageBitmap(await item!.getType("image/png"))).width;
    });
    expect(Math.abs(width - 128)).toBeLessThanOrEqual(4);
  });
});

it("bad files among many say what is wrong with them and keep no other from opening", async () => {
  const { page } = studio;
  const count = (await tabNames(page)).length;
  const photo = await readFile(WREN);
  await dropFiles(page, [
    { name: "cut.jpg", bytes: photo.subarray(0, 9_000) },
    { name: "letter.png", bytes: Buffer.from("Dear editor") },
    { name: "good.jpg", bytes: photo },
  ]);
  await eventually(async () => (await tabNames(page)).length).toBe(count + 1);
  expect((await tabNames(page)).some((name) => name === "good.jpg")).toBe(true);
});

it("did all of it without an error or a violation of the content security policy", () => {
  expect(studio.problems).toEqual([]);
});
