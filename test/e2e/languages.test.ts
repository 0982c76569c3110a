import type { Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { flattenCatalogue } from "../../src/renderer/text/translator";
import german from "../../src/renderer/text/catalogues/de.json";
import { openSettings } from "./app-screens";
import { openStudio, sample, screenshot, type Studio } from "./studio";

let studio: Studio;
afterEach(() => studio.close());

async function chooseLanguage(page: Page, from: string, to: string): Promise<void> {
  const dialog = await openSettings(page);
  await dialog.getByLabel(from).click();
  await page.getByRole("option", { name: to }).click();
}

const attribute = (page: Page, name: "lang" | "dir") =>
  page.evaluate((key) => document.documentElement[key], name);

/** Every word that people can see or hear on the page, without what is in the picture's name. */
function wordsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const words: string[] = [];
    for (const element of document.querySelectorAll("body *")) {
      for (const name of ["aria-label", "placeholder", "title"]) {
        words.push(element.getAttribute(name) ?? "");
      }
      for (const child of element.childNodes) {
        if (child.nodeType === Node.TEXT_NODE) words.push(child.textContent?.trim() ?? "");
      }
    }
    return words.filter((word) => /\p{L}{2}/u.test(word));
  });
}

/**
 * Answers for the German translation with one that nobody speaks: each text in brackets, and written
 * from right to left. What is not in brackets on the page then did not come from the catalogue.
 */
async function speakPseudo(page: Page): Promise<void> {
  const texts = [...flattenCatalogue(german)].map(([path, text]) => [path, `⟦${text}⟧`] as const);
  const catalogue: Record<string, unknown> = {};
  for (const [path, text] of texts) {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    let node = catalogue;
    for (const key of keys) node = (node[key] ??= {}) as Record<string, unknown>;
    node[last] = path === "direction" ? "rtl" : text;
  }
  await page.route(/\/de-[\w-]+\.js$/, (route) =>
    route.fulfill({
      contentType: "text/javascript",
      body: `export default ${JSON.stringify(catalogue)};`,
    }),
  );
}

describe("languages", () => {
  it("change without a restart, and the whole page says so", async () => {
    studio = await openStudio({ picturePath: sample("tea-garden-1280x853.jpg") });
    const { page } = studio;
    await page.locator(".canvas > .frame").waitFor();
    await chooseLanguage(page, "Language", "Deutsch");
    await expect.poll(() => attribute(page, "lang")).toBe("de");
    await page.getByRole("dialog", { name: "Einstellungen" }).waitFor();
    await screenshot(page, "settings-german");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Pinsel", exact: true }).waitFor();
    await screenshot(page, "editor-german");
    await page.keyboard.press("Control+Comma");
    await page.getByRole("dialog").getByLabel("Sprache").click();
    await page.getByRole("option", { name: "日本語" }).click();
    await expect.poll(() => attribute(page, "lang")).toBe("ja");
    await screenshot(page, "settings-japanese");
    expect(studio.problems).toEqual([]);
  });

  it("may be written from right to left, and no text on the page comes from elsewhere", async () => {
    studio = await openStudio({ picturePath: sample("tea-garden-1280x853.jpg") });
    const { page } = studio;
    await page.locator(".canvas > .frame").waitFor();
    await speakPseudo(page);
    await chooseLanguage(page, "Language", "Deutsch");
    await expect.poll(() => attribute(page, "dir")).toBe("rtl");
    await screenshot(page, "settings-right-to-left");
    await page.keyboard.press("Escape");
    await screenshot(page, "editor-right-to-left");
    const box = await page.getByRole("navigation").first().boundingBox();
    expect(box?.x).toBeGreaterThan(1000);
    const words = await wordsOf(page);
    expect(words.length).toBeGreaterThan(40);
    expect(words.filter((word) => !isTranslated(word))).toEqual([]);
  });
});

/** Names, units of data and keys are the same in every language. */
function isTranslated(word: string): boolean {
  return (
    word.includes("⟦") ||
    /tea-garden|Studio 128|\(R\)|AMD|Intel|threads|^(?:JPEG|RGB|sRGB)/.test(word) ||
    /^(?:(?:Ctrl|Alt|Shift|Enter|Esc|Del|PgUp|PgDn|Space|F\d+|[A-Z])\+?)+$/.test(word)
  );
}
