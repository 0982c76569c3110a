import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import sharp from "sharp";
import {
  clickAt,
  dismissTour,
  dragThrough,
  inMaskMenu,
  maskAt,
  maskedShare,
  pressOnCanvas,
  savedMask,
  testPicture,
} from "./mask-helpers";
import { openStudio, screenshot, type Studio } from "./studio";

const SIZE = { width: 600, height: 400 };
let studio: Studio;
let picture: Awaited<ReturnType<typeof testPicture>>;

/** Blue sky over a slightly uneven green meadow, with a blue pond in it; its corner is transparent. */
const landscape = ({ x, y }: { x: number; y: number }) => {
  const isPond = x >= 400 && x < 500 && y >= 260 && y < 340;
  const alpha = x < 60 && y < 40 ? 0 : 255;
  if (y < 200 || isPond) return [70, 120, 220, alpha];
  return [60 + (x % 5), 160, 70 + (y % 5), alpha];
};

beforeAll(async () => {
  picture = await testPicture("landscape.png", landscape, SIZE);
  studio = await openStudio({ picturePath: picture.path });
  await studio.page.locator(".canvas > .frame").waitFor();
  await dismissTour(studio.page);
});
afterAll(async () => {
  await studio.close();
  await picture.remove();
});
beforeEach(async () => {
  await pressOnCanvas(studio.page, "b", "Control+d");
});

describe("painting a mask", () => {
  it("paints with the brush and rubs out with the eraser, by size and hardness keys", async () => {
    const { page } = studio;
    const options = page.getByRole("group", { name: "Tool options" });
    const size = options.getByRole("slider", { name: "Size" });
    const before = await size.getAttribute("aria-valuetext");
    await pressOnCanvas(page, "]", "]", ...new Array<string>(3).fill("Shift+BracketRight"));
    expect(await size.getAttribute("aria-valuetext")).not.toBe(before);
    const hardness = options.getByRole("slider", { name: "Hardness" });
    expect(await hardness.getAttribute("aria-valuetext")).toMatch(/^100/);
    await dragThrough(page, [0.2, 0.5], [0.8, 0.5]);
    await screenshot(page, "mask-brush");
    const painted = await savedMask(page);
    expect([painted.width, painted.height]).toEqual([SIZE.width, SIZE.height]);
    expect(maskAt(painted, [0.5, 0.5])).toBe(255);
    expect(maskAt(painted, [0.5, 0.8])).toBe(0);
    await pressOnCanvas(page, "e");
    await dragThrough(page, [0.5, 0.3], [0.5, 0.7]);
    const rubbed = await savedMask(page);
    expect(maskAt(rubbed, [0.5, 0.5])).toBe(0);
    expect(maskAt(rubbed, [0.25, 0.5])).toBe(255);
    await pressOnCanvas(page, "Shift+BracketLeft");
    expect(await hardness.getAttribute("aria-valuetext")).toMatch(/^90/);
  });

  it("takes strokes back and repeats them", async () => {
    const { page } = studio;
    await dragThrough(page, [0.3, 0.3], [0.4, 0.3]);
    const once = maskedShare(await savedMask(page));
    await dragThrough(page, [0.3, 0.7], [0.4, 0.7]);
    const twice = maskedShare(await savedMask(page));
    expect(twice).toBeGreaterThan(once);
    await pressOnCanvas(page, "Control+z");
    expect(maskedShare(await savedMask(page))).toBe(once);
    await pressOnCanvas(page, "Control+Shift+z");
    expect(maskedShare(await savedMask(page))).toBe(twice);
  });

  it("makes a pen's stroke as wide as it is pressed", async () => {
    const { page } = studio;
    const widths = [];
    for (const pressure of [0.2, 1]) {
      await pressOnCanvas(page, "Control+d");
      await page.getByRole("application", { name: "Picture" }).evaluate((canvas, force) => {
        const { left, top, width, height } = canvas.getBoundingClientRect();
        const at = { clientX: left + width / 2, clientY: top + height / 2 };
        const pen = { ...at, pointerId: 1, pointerType: "pen", pressure: force, bubbles: true };
        // A pen that is not there cannot be captured; everything else is as a real one sends it.
        canvas.setPointerCapture = () => undefined;
        canvas.dispatchEvent(new PointerEvent("pointerdown", { ...pen, button: 0, buttons: 1 }));
        canvas.dispatchEvent(new PointerEvent("pointerup", { ...pen, button: 0 }));
      }, pressure);
      widths.push(maskedShare(await savedMask(page)));
    }
    expect(widths[1]).toBeGreaterThan(10 * (widths[0] ?? 1));
  });
});

describe("shapes", () => {
  it("frames a rectangle, takes away with Alt, keeps what lies in both by the button", async () => {
    const { page } = studio;
    await pressOnCanvas(page, "r");
    await dragThrough(page, [0.2, 0.2], [0.8, 0.8]);
    expect(maskedShare(await savedMask(page))).toBeCloseTo(0.36, 2);
    await page.keyboard.down("Alt");
    await dragThrough(page, [0.2, 0.2], [0.5, 0.8]);
    await page.keyboard.up("Alt");
    expect(maskedShare(await savedMask(page))).toBeCloseTo(0.18, 2);
    await page.getByRole("button", { name: "Keep what lies in both" }).click();
    await dragThrough(page, [0.4, 0.2], [0.65, 0.8]);
    expect(maskedShare(await savedMask(page))).toBeCloseTo(0.09, 2);
    await page.getByRole("button", { name: "Add to the mask" }).click();
  });

  it("draws an ellipse from the flyout", async () => {
    const { page } = studio;
    await page.getByRole("button", { name: "More shapes" }).click();
    await screenshot(page, "mask-flyout");
    await page.getByRole("menuitemradio", { name: "Ellipse" }).click();
    await dragThrough(page, [0.25, 0.25], [0.75, 0.75]);
    const mask = await savedMask(page);
    expect(maskedShare(mask)).toBeCloseTo((Math.PI / 4) * 0.25, 2);
    expect(maskAt(mask, [0.27, 0.27])).toBe(0);
  });

  it("goes around with the lasso, and by corners with the polygon", async () => {
    const { page } = studio;
    await pressOnCanvas(page, "l");
    await dragThrough(page, [0.1, 0.1], [0.4, 0.1], [0.4, 0.5], [0.1, 0.5]);
    expect(maskedShare(await savedMask(page))).toBeCloseTo(0.12, 2);
    await pressOnCanvas(page, "Control+d", "p");
    await clickAt(page, [0.5, 0.1]);
    await clickAt(page, [0.9, 0.1]);
    await clickAt(page, [0.9, 0.9]);
    await page.mouse.move(640, 400);
    await screenshot(page, "mask-polygon");
    await page.keyboard.press("Enter");
    expect(maskedShare(await savedMask(page))).toBeCloseTo(0.16, 2);
    await clickAt(page, [0.1, 0.5]);
    await clickAt(page, [0.2, 0.5]);
    await page.getByRole("application", { name: "Picture" }).press("Escape");
    expect(maskedShare(await savedMask(page))).toBeCloseTo(0.16, 2);
  });
});

describe("the colour wand", () => {
  const POND = (100 * 80) / (600 * 400);

  it("takes what hangs together, the whole picture, or only what is alike enough", async () => {
    const { page } = studio;
    await pressOnCanvas(page, "w");
    const masked = async () => {
      await page.getByText("Working on the mask").waitFor({ state: "hidden" });
      return maskedShare(await savedMask(page));
    };
    await clickAt(page, [0.75, 0.75]);
    await expect.poll(() => page.getByText(/^Mask \d/).count()).toBe(1);
    expect(await masked()).toBeCloseTo(POND, 3);
    await screenshot(page, "mask-wand");
    await pressOnCanvas(page, "Control+d");
    await page.getByRole("switch", { name: "Connected only" }).click();
    await clickAt(page, [0.75, 0.75]);
    await expect.poll(masked).toBeCloseTo(0.5 + POND - 0.01, 3);
    await page.getByRole("switch", { name: "Connected only" }).click();
    await pressOnCanvas(page, "Control+d");
    const tolerance = page.getByRole("slider", { name: "Tolerance" });
    await tolerance.focus();
    await page.keyboard.press("Home");
    await clickAt(page, [0.2, 0.8]);
    await expect.poll(() => page.getByText(/^Mask \d/).count()).toBe(1);
    expect(await masked()).toBeLessThan(0.001);
  });
});

describe("the whole mask", () => {
  it("covers everything, nothing, and the inverse", async () => {
    const { page } = studio;
    await pressOnCanvas(page, "Control+a");
    expect(maskedShare(await savedMask(page))).toBe(1);
    await pressOnCanvas(page, "Control+d", "r");
    await page.getByText("No mask yet").waitFor();
    await dragThrough(page, [0, 0], [0.5, 1]);
    await page.getByRole("button", { name: "Invert mask" }).click();
    const inverse = await savedMask(page);
    expect([maskAt(inverse, [0.25, 0.5]), maskAt(inverse, [0.75, 0.5])]).toEqual([0, 255]);
  });

  it("gives the keys back as soon as its menu closes", async () => {
    const { page } = studio;
    await pressOnCanvas(page, "r");
    await page.getByRole("button", { name: "Mask options" }).click();
    await page.getByRole("dialog", { name: "Mask options" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("b");
    await page.getByRole("slider", { name: "Hardness" }).waitFor({ timeout: 2000 });
  });

  it("grows, shrinks and feathers by pixels", async () => {
    const { page } = studio;
    await pressOnCanvas(page, "r");
    await dragThrough(page, [0.25, 0.25], [0.75, 0.75]);
    const plain = maskedShare(await savedMask(page));
    await page.getByRole("button", { name: "Mask options" }).click();
    await page.getByRole("spinbutton", { name: "By" }).fill("20");
    await page.getByRole("spinbutton", { name: "By" }).press("Tab");
    await page.getByRole("button", { name: "Grow" }).click();
    await screenshot(page, "mask-menu");
    await page.keyboard.press("Escape");
    const grown = maskedShare(await savedMask(page));
    expect(grown - plain).toBeCloseTo((2 * 20 * (300 + 200) + Math.PI * 400) / 240_000, 2);
    await inMaskMenu(page, () => page.getByRole("button", { name: "Shrink" }).click());
    expect(maskedShare(await savedMask(page))).toBeCloseTo(plain, 2);
    await inMaskMenu(page, () => page.getByRole("button", { name: "Feather" }).click());
    const soft = await savedMask(page);
    expect(soft.data.some((value) => value > 40 && value < 200)).toBe(true);
    await pressOnCanvas(page, "Control+z", "Control+z", "Control+z");
    expect(maskedShare(await savedMask(page))).toBe(plain);
  });

  it("comes from a file of the same size and from the picture's alpha, and says why not", async () => {
    const { page } = studio;
    const folder = join(picture.path, "..");
    const white = { r: 255, g: 255, b: 255 };
    const part = await sharp({
      create: { width: 150, height: 400, channels: 3, background: white },
    })
      .png()
      .toBuffer();
    const black = { create: { ...SIZE, channels: 3 as const, background: { r: 0, g: 0, b: 0 } } };
    const composed = sharp(black).composite([{ input: part, left: 0, top: 0 }]);
    await writeFile(join(folder, "quarter.png"), await composed.png().toBuffer());
    await writeFile(join(folder, "small.png"), part);
    const choose = async (name: string) => {
      await inMaskMenu(page, async () => {
        const [chooser] = await Promise.all([
          page.waitForEvent("filechooser"),
          page.getByRole("button", { name: "Import a mask" }).click(),
        ]);
        await chooser.setFiles(join(folder, name));
      });
    };
    await choose("quarter.png");
    await expect.poll(() => page.getByText(/^Mask 150 × 400/).count()).toBe(1);
    expect(maskedShare(await savedMask(page))).toBe(0.25);
    await choose("small.png");
    await page.getByRole("alert").filter({ hasText: "600 x 400" }).waitFor();
    await pressOnCanvas(page, "Control+d");
    await inMaskMenu(page, () => page.getByRole("button", { name: "From transparency" }).click());
    await expect.poll(() => page.getByText(/^Mask 600 × 400/).count()).toBe(1);
    expect(maskedShare(await savedMask(page))).toBeCloseTo(0.99, 4);
  });
});

describe("how a mask is shown", () => {
  it("changes its colour, marches, and hides", async () => {
    const { page } = studio;
    await pressOnCanvas(page, "r");
    await dragThrough(page, [0.3, 0.3], [0.7, 0.7]);
    const middle = () =>
      page
        .locator(".canvas > canvas")
        .nth(1)
        .evaluate((canvas) => {
          if (!(canvas instanceof HTMLCanvasElement)) return null;
          const context = canvas.getContext("2d");
          const { width, height } = canvas;
          return [...(context?.getImageData(width / 2, height / 2, 1, 1).data ?? [])];
        });
    await expect.poll(async () => (await middle())?.[0]).toBeGreaterThan(240);
    await inMaskMenu(page, () => page.getByRole("radio", { name: "Green" }).click());
    await expect.poll(async () => (await middle())?.[0]).toBeLessThan(90);
    await pressOnCanvas(page, "q");
    await expect.poll(async () => (await middle())?.[3]).toBe(0);
    await pressOnCanvas(page, "q");
    await page.getByRole("button", { name: "Mask options" }).click();
    await page.getByRole("group", { name: "Show as" }).getByText("Outline").click();
    await page.keyboard.press("Escape");
    await expect.poll(async () => (await middle())?.[3]).toBe(0);
    await screenshot(page, "mask-ants");
    await inMaskMenu(page, async () => {
      await page.getByRole("group", { name: "Show as" }).getByText("Colour").click();
      await page.getByRole("radio", { name: "Coral" }).click();
    });
  });
});

describe("by keyboard alone", () => {
  it("frames a rectangle with the arrow keys and Enter", async () => {
    const { page } = studio;
    await pressOnCanvas(page, "r", "ArrowLeft", "ArrowUp", "ArrowUp", "Enter");
    for (let i = 0; i < 6; i++) await page.keyboard.press("ArrowRight");
    for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowDown");
    await screenshot(page, "mask-keyboard");
    await page.keyboard.press("Enter");
    await page.getByText(/^Mask 9\d × 8\d/).waitFor();
  });

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});
